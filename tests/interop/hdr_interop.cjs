// npm's hdr-histogram-js at the other end of our files: prints what it reads from a log, one line per
// tag, as HdrInterop.java does. usage: node hdr_interop.cjs FILE
const fs = require("fs");
const { build, HistogramLogReader } = require("hdr-histogram-js");

const byTag = new Map();
const log = new HistogramLogReader(fs.readFileSync(process.argv[2], "utf8"));
for (let next; (next = log.nextIntervalHistogram()) !== null; ) {
  const tag = next.tag && next.tag !== "NO TAG" ? next.tag : "-";
  if (!byTag.has(tag)) {
    byTag.set(tag, build({ bitBucketSize: 64, highestTrackableValue: 3600000000000, numberOfSignificantValueDigits: 3 }));
  }
  byTag.get(tag).add(next);
}
for (const tag of [...byTag.keys()].sort()) {
  const h = byTag.get(tag);
  console.log([tag, h.totalCount, ...[50, 90, 99, 99.9].map((p) => h.getValueAtPercentile(p)), h.maxValue].join(" "));
}
