// Waiting for what an editor and a browser on a busy machine will do in the end.

/** How long anything may take before it counts as not happening: a guess, for a machine with much else to do. */
export const PATIENCE_MS = 120_000;

/** How long what a click or a key asked for may take before it counts as lost: an editor that redraws drops some. */
const LOST_MS = 10_000;

/** Wait until `holds` returns something true, and return that; `tell` says more where it never does. */
export async function until(holds, tell = () => '') {
  const end = Date.now() + PATIENCE_MS;
  for (;;) {
    const value = await holds();
    if (value) {
      return value;
    }
    if (Date.now() > end) {
      throw new Error(`nothing came of ${holds} in ${PATIENCE_MS} ms ${await tell()}`);
    }
    await new Promise(done => setTimeout(done, 50));
  }
}

/** Whether something that was asked for comes about; where not, whoever asked may ask again. */
export async function comes(holds) {
  for (const end = Date.now() + LOST_MS; Date.now() < end; ) {
    if (await holds()) {
      return true;
    }
    await new Promise(done => setTimeout(done, 50));
  }
  return false;
}
