// Sends the mail that the test expects to the port that is given, and prints what nodemailer has to say of it.
import nodemailer from "nodemailer";

const transport = nodemailer.createTransport({
  host: "127.0.0.1",
  port: Number(process.argv[2]),
  name: "client.example.com",
});
const { accepted, rejected, response } = await transport.sendMail({
  from: "a@example.com",
  to: ["b@example.com", "nobody@example.com"],
  bcc: "c@example.com",
  subject: "Grüße",
  text: "Grüße\n.\n",
  attachments: [{ filename: "four.bin", content: Buffer.from([0, 1, 2, 255]) }],
  messageId: "<1@example.com>",
  date: new Date(Date.UTC(2022, 0, 1, 10)),
  baseBoundary: "boundary",
});
console.log(JSON.stringify({ accepted, rejected, response }));
