// nodemailer with a pool: html and text for each reader.
//     node nodemailer.cjs PORT MESSAGES SESSIONS FOLDER   (NODE_PATH names the folder that it is installed in)
const fs = require('node:fs');
const nodemailer = require('nodemailer');

const [port, messages, sessions, folder] = process.argv.slice(2);
const html = fs.readFileSync(`${folder}/page.html`, 'utf8');
const text = fs.readFileSync(`${folder}/page.txt`, 'utf8');

async function main() {
  const cpu = process.cpuUsage();
  const began = process.hrtime.bigint();
  const pool = nodemailer.createTransport({
    pool: true,
    host: '127.0.0.1',
    port: Number(port),
    secure: false,
    ignoreTLS: true,
    maxConnections: Number(sessions),
    maxMessages: Infinity,
  });
  let next = 0;
  async function session() {
    while (next < Number(messages)) {
      const number = next++;
      const name = `reader${number}`;
      await pool.sendMail({
        from: 'digest@news.example.org',
        to: `${name}@mail${number % 50}.example.org`,
        subject: 'The news',
        html: html.replaceAll('@@NAME@@', name),
        text: text.replaceAll('@@NAME@@', name),
      });
    }
  }
  // Twice as many as connections: the pool always has the next one at hand.
  await Promise.all(Array.from({ length: 2 * Number(sessions) }, session));
  pool.close();
  const used = process.cpuUsage(cpu);
  const seconds = Number(process.hrtime.bigint() - began) / 1e9;
  console.log(JSON.stringify({ cpu_seconds: (used.user + used.system) / 1e6, seconds }));
}

main();
