/** The records of `kmem`, by option. */
import type { Records } from "../../../../say/table.ts";
import { countersTable } from "./counters.ts";
import { pageFlagsTable } from "./flags.ts";
import { freeAreasTable, freeBlocksTable, freeBlockTable, freeCountTable, freeZonesTable } from "./free.ts";
import { hugePagesTable } from "./hugePages.ts";
import { nodesTable, nodeZonesTable } from "./nodes.ts";
import { memoryConsumersTable } from "./consumers.ts";
import { membersTable, pagesTable } from "./pages.ts";
import { perCpuTable } from "./perCpu.ts";
import { blocksTable, sectionsTable } from "./sections.ts";
import { cacheNodesTable, slabsTable } from "./slabObjects.ts";
import { cacheListTable, cachesTable, ignoredTable } from "./slabs.ts";
import { usageTable } from "./usage.ts";
import { vmallocAreasTable } from "./vmalloc.ts";
import { zoneCountersTable, zoneTable } from "./zones.ts";
import { symbolFields } from "../../../say/symbolPiece.ts";
import { taskContextFields } from "../../../language/taskContext.ts";
import { cpuStackFields, perCpuPlaceFields } from "./address.ts";

export const records = (): readonly Records[] => [
  { line: "kmem ffffffff81000000", fields: symbolFields },
  { line: "kmem ffff888000012345", fields: taskContextFields },
  { line: "kmem fffffe0000001000", fields: cpuStackFields },
  { line: "kmem ffff88803ec2c8c0", fields: perCpuPlaceFields },
  { line: "kmem -A", fields: memoryConsumersTable.columns },
  { line: "kmem -f", fields: freeZonesTable.columns },
  { line: "kmem -f", fields: freeAreasTable.columns },
  { line: "kmem -f", fields: freeCountTable.columns },
  { line: "kmem -F", fields: freeBlocksTable.columns },
  { line: "kmem -f ffff888001000000", fields: freeBlockTable.columns },
  { line: "kmem -g", fields: pageFlagsTable().columns },
  { line: "kmem -h", fields: hugePagesTable.columns },
  { line: "kmem -i", fields: usageTable().columns },
  { line: "kmem -m flags", fields: membersTable(["flags"]).columns },
  { line: "kmem -n", fields: nodesTable.columns },
  { line: "kmem -n", fields: nodeZonesTable.columns },
  { line: "kmem -n", fields: sectionsTable.columns },
  { line: "kmem -n", fields: blocksTable().columns },
  { line: "kmem -o", fields: perCpuTable.columns },
  { line: "kmem -p", fields: pagesTable().columns },
  { line: "kmem -s", fields: cachesTable.columns },
  { line: "kmem -s -I dentry", fields: ignoredTable.columns },
  { line: "kmem -s list", fields: cacheListTable.columns },
  { line: "kmem -S task_struct", fields: cacheNodesTable.columns },
  { line: "kmem -S task_struct", fields: slabsTable.columns },
  { line: "kmem -v", fields: vmallocAreasTable().columns },
  { line: "kmem -V", fields: countersTable().columns },
  { line: "kmem -z", fields: zoneTable.columns },
  { line: "kmem -z", fields: zoneCountersTable().columns },
];
