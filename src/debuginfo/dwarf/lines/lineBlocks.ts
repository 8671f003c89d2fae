/** Blocks of one line: rows that only discriminators tell apart (DWARF 5, section 6.2.2). */

/**
 * Follows the rows of a line program, and tells those that continue the line of the row before them: once a row of the
 * line had a discriminator, debuggers take the rows after it for the same statement.
 */
export class LineBlocks {
  /** Discriminator of the next row. */
  private discriminator = 0;
  /** Whether a row had a discriminator since the line changed. */
  private isDivided = false;
  /** Line and file of the row before; line -1 at the start of a sequence. */
  private line = -1;
  private file = -1;

  /** Sets the discriminator of the next row alone. */
  discriminate(discriminator: number): void {
    this.discriminator = discriminator;
  }

  /** Takes the next row. @returns 1 if it continues the line of the row before, otherwise 0 */
  next(line: number, file: number): 0 | 1 {
    const isSameLine = this.line === line && this.file === file;
    this.isDivided = this.discriminator !== 0 || (isSameLine && this.isDivided);
    this.discriminator = 0;
    this.line = line;
    this.file = file;
    return isSameLine && this.isDivided ? 1 : 0;
  }

  /** Ends the sequence. @returns 0: its last row continues nothing */
  end(): 0 {
    this.discriminator = 0;
    this.isDivided = false;
    this.line = -1;
    return 0;
  }
}
