/** Starts to count the milliseconds of processor time that this thread uses: a busy machine does not lengthen them. */
export function stopwatch(): () => number {
  const start = process.threadCpuUsage();
  return () => {
    const { user, system } = process.threadCpuUsage(start);
    return (user + system) / 1000;
  };
}
