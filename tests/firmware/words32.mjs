// node words32.mjs MICROPYTHON_MJS BOARD TESTS PROGRAM: runs PROGRAM on MicroPython with words of 32 bits, the folder BOARD as its flash.
// PROGRAM defines step(); it is called as long as `more` is true. The heap is collected between two calls, at no other time.
import fs from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";

const [, , module, board, tests, program] = process.argv;
const { loadMicroPython } = await import(pathToFileURL(module));
const mp = await loadMicroPython({ heapsize: 256 << 10, stdout: (line) => console.log(line) });

function copy(from, to) {
  mp.FS.mkdirTree(to);
  for (const entry of fs.readdirSync(from, { withFileTypes: true })) {
    const [source, target] = [path.join(from, entry.name), `${to}/${entry.name}`];
    if (entry.isDirectory()) copy(source, target);
    else mp.FS.writeFile(target, fs.readFileSync(source));
  }
}

copy(board, "/board");
mp.FS.mkdirTree("/tests");
for (const name of fs.readdirSync(tests).filter((name) => /\.(py|json)$/.test(name))) mp.FS.writeFile(`/tests/${name}`, fs.readFileSync(path.join(tests, name)));
mp.FS.chdir("/board");
try {
  mp.runPython("import sys\nsys.path[:] = ['', '.frozen', '/tests']");
  mp.runPython(fs.readFileSync(program, "utf-8"));
  while (mp.globals.get("more")) mp.runPython("step()");
} catch (error) {
  // Without its text, Node shows the whole of MicroPython's one long line.
  console.error(error.message);
  process.exitCode = 1;
}
