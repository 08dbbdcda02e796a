"""Hand a mail to an Exim of its own, which relays it; a queue runner tries again every second, in the background."""

import grp
import os
import pwd
import shutil
import subprocess
from pathlib import Path
from tempfile import mkdtemp

MAIL = Path(__file__).with_name("mail.txt").read_bytes()
CAFILE = os.environ.get("SMTP_CAFILE")
RECIPIENTS = ["a@example.com", "b@example.com", "c@example.com"]
CONFIGURATION = """
primary_hostname = relay.example.com
spool_directory = {folder}/spool
log_file_path = {folder}/log-%s
exim_user = {user}
exim_group = {group}
never_users =
deliver_drop_privilege = true
host_lookup =
keep_environment =
queue_only = true
begin routers
mock:
  driver = manualroute
  domains = *
  transport = mock
  route_data = localhost
  host_find_failed = defer
  self = send
begin transports
mock:
  driver = smtp
  port = {port}
  allow_localhost = true
  command_timeout = 3s
  final_timeout = 3s
  hosts_try_fastopen =
  hosts_try_auth = *
  {tls}
begin retry
* * F,1h,1s
begin authenticators
plain:
  driver = plaintext
  public_name = PLAIN
  client_send = ^shop^secret
"""
TLS = "hosts_require_tls = *\n  tls_verify_certificates = {folder}/ca.pem\n  tls_verify_hosts = *"

user = "nobody" if os.getuid() == 0 else pwd.getpwuid(os.getuid()).pw_name
account = pwd.getpwnam(user)
folder = Path(mkdtemp())
if CAFILE:
    shutil.copy(CAFILE, folder / "ca.pem")
text = CONFIGURATION.format(
    folder=folder,
    user=user,
    group=grp.getgrgid(account.pw_gid).gr_name,
    port=os.environ["SMTP_PORT"],
    tls=TLS.format(folder=folder) if CAFILE else "",
)
(folder / "exim.conf").write_text(text)
for path in (folder, *folder.iterdir()):
    path.chmod(0o755)
owner = {}
if os.getuid() == 0:
    os.chown(folder, account.pw_uid, account.pw_gid)
    owner = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
exim = ["exim4", "-C", str(folder / "exim.conf")]
subprocess.run([*exim, "-oi", "-f", "shop@example.com", *RECIPIENTS], input=MAIL, check=True, **owner)
runner = f"for i in 1 2 3 4 5 6 7; do {' '.join(exim)} -qff; sleep 1; done; rm -r {folder}"
subprocess.Popen(["sh", "-c", runner], stdin=subprocess.DEVNULL, **owner)
