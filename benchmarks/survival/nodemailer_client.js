const fs = require("fs");
const nodemailer = require("nodemailer");

const cafile = process.env.SMTP_CAFILE;
const transport = nodemailer.createTransport({
  host: process.env.SMTP_HOST,
  port: Number(process.env.SMTP_PORT),
  auth: { user: "shop", pass: "secret" },
  requireTLS: Boolean(cafile),
  tls: cafile ? { ca: fs.readFileSync(cafile) } : {},
  connectionTimeout: 3000,
  greetingTimeout: 3000,
  socketTimeout: 3000,
});
transport
  .sendMail({
    from: "shop@example.com",
    to: "a@example.com, b@example.com, c@example.com",
    subject: "Welcome",
    text: "Hello",
  })
  .catch((error) => {
    console.error(error.message);
    process.exit(1);
  });
