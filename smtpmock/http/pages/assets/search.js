// What is typed into the search field, as parameters of a query. `recipient=*@example.com` and `subject="Hello *"` are
// criteria of smtpmock; everything else is Mailpit's search language, which the server reads itself.

const CRITERION = /(^|\s)([a-z_]+)=(?:"([^"]*)"|(\S*))(?=\s|$)/g;

export function parameters(text) {
  const found = [];
  const rest = text.replace(CRITERION, (_, before, name, quoted, plain) => {
    found.push([name, quoted ?? plain]);
    return before;
  });
  if (rest.trim()) found.push(["q", rest.trim()]);
  return found;
}
