/**
 * Keys of the records that pages of the Crash Dump panel use, by command. The compiler checks the commands' tables and
 * the pages against them: for a new line, the command declares its table as `Table<Row, PageKeys["line"]>`.
 */
export interface PageKeys {
  "analyze -t": "part" | "certainty" | "finding" | "evidence" | "shows" | "id";
  health: "severity" | "check" | "finding" | "evidence" | "commands" | "shows" | "id";
  ps: "pid" | "ppid" | "cpu" | "task" | "state" | "memPercent" | "vsz" | "rss" | "comm" | "running";
  "ps -l": "pid" | "comm" | "task" | "cpu" | "state" | "lastRun_ns" | "ago_ns";
  waits:
    | "pid"
    | "comm"
    | "task"
    | "cpu"
    | "state"
    | "ago_ns"
    | "type"
    | "resource"
    | "name"
    | "waitsFor"
    | "heldBy"
    | "function"
    | "waiter"
    | "waiterType"
    | "holders"
    | "waiters"
    | "root"
    | "chain"
    | "cycle"
    | "deadlock"
    | "note"
    | "unknown";
  "kmem -A": "bytes" | "count" | "kind" | "place" | "function" | "module" | "note";
  "kmem -f": "order" | "bytes" | "freeArea" | "blocks" | "pages";
  "kmem -i": "name" | "pages" | "bytes" | "percent" | "of";
  "kmem -s": "cache" | "objectSize" | "allocated" | "total" | "slabs" | "slabBytes" | "bytes" | "name";
  "kmem -v": "vmapArea" | "vmStruct" | "start" | "end" | "size" | "caller";
  "kmem -V": "table" | "name" | "value";
  "kmem -z": "node" | "zone" | "address" | "name" | "spanned" | "present" | "min" | "low" | "high";
  "kmem -S": "address" | "free";
  swap: "swapInfo" | "type" | "size" | "used" | "percent" | "priority" | "file";
  "foreach user files": "pid" | "comm" | "fd" | "type" | "path" | "file" | "dentry" | "inode";
  ipcs: "facility" | "id" | "key" | "uid" | "mode" | "bytes" | "attached" | "status" | "semaphores" | "messages";
  net: "device" | "name" | "addresses" | "missing";
  runq: "cpu" | "queue" | "priority" | "pid" | "task" | "comm" | "current";
  "timeline -n 5000": "time_ns" | "kind" | "cpu" | "pid" | "comm" | "event" | "text";
  timer: "cpu" | "base" | "expires" | "timeToExpire" | "timer" | "function";
  dev: "kind" | "major" | "name" | "device" | "operations";
  "dev -p": "bus" | "device" | "name" | "class" | "id" | "type" | "bridge" | "express";
  irq: "irq" | "desc" | "actions" | "action" | "name";
  "irq -s": "irq" | "counts" | "chip" | "flow" | "name" | "affinity" | "desc";
  mod: "module" | "name" | "base" | "size" | "file";
  mount: "mount" | "superBlock" | "type" | "device" | "directory";
  sys:
    | "kernel"
    | "dumpFiles"
    | "tainted"
    | "incomplete"
    | "erased"
    | "cpus"
    | "offlineCpus"
    | "date"
    | "uptime_ns"
    | "loadAverage"
    | "tasks"
    | "nodename"
    | "release"
    | "version"
    | "machine"
    | "megahertz"
    | "memory"
    | "panic";
}
