// Sends mails to the recipients that are given, after the port, through one pooled connection, one after the other.
import nodemailer from "nodemailer";

const [port, ...recipients] = process.argv.slice(2);
const pool = nodemailer.createTransport({
  pool: true,
  maxConnections: 1,
  host: "127.0.0.1",
  port: Number(port),
  name: "client.example.com",
});
const responses = [];
for (const to of recipients) {
  const sent = pool.sendMail({ from: "a@example.com", to, subject: `to ${to}`, text: "hello" });
  responses.push(await sent.then(({ response }) => response, (error) => error.response));
}
pool.close();
console.log(JSON.stringify(responses));
