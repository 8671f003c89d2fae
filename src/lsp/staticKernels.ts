/** Opens the kernels whose files are on this machine, for logs without a session. */
import { isUnreadable } from "../session/open/openError.ts";
import { existsSync } from "node:fs";
import { Budget } from "../base/budget.ts";
import type { FileSettings } from "../protocol/language.ts";
import {
  buildTrees,
  type DebuginfoPlaces,
  moduleDirectories,
  placesOf,
  vmlinuxCandidates,
} from "../session/find/debuginfoPlaces.ts";
import { ModuleFiles } from "../session/find/moduleFiles.ts";
import { SourceFiles } from "../session/sources/source.ts";
import type { Landmarks } from "../log/landmarks.ts";
import { type KernelSurroundings, StaticKernel } from "../session/open/staticKernel.ts";

/** The kernels whose files are on this machine: the one in the settings, and those found by the release in a log. */
export class StaticKernels {
  private readonly settings: FileSettings;
  private readonly folders: readonly string[];
  private readonly budget = new Budget();
  private readonly opened = new Map<string, StaticKernel | undefined>();
  private readonly byRelease = new Map<string, StaticKernel | undefined>();

  /** @param folders folders of the workspace, which may be a kernel tree */
  constructor(settings: FileSettings, folders: readonly string[]) {
    this.settings = settings;
    this.folders = folders;
  }

  /** Returns the kernel that wrote a log, if its files are here; the one in the settings if the log has no release. */
  of({ release }: Landmarks): StaticKernel | undefined {
    const configured = this.configured(release);
    if (configured && (release === undefined || configured.release === undefined || configured.release === release))
      return configured;
    return release === undefined ? undefined : this.released(release);
  }

  /** Returns the kernel in the settings; undefined if they name none that can be used. */
  configured(release?: string): StaticKernel | undefined {
    const { vmlinux, systemMap } = this.settings;
    return (
      (vmlinux ? this.open(vmlinux, release, (...of) => StaticKernel.ofVmlinux(...of)) : undefined) ??
      (systemMap ? this.open(systemMap, release, (...of) => StaticKernel.ofSystemMap(...of)) : undefined)
    );
  }

  /** Searches the usual places for a kernel of a release; undefined if there is none. */
  private released(release: string): StaticKernel | undefined {
    if (!this.byRelease.has(release)) {
      const path = [...vmlinuxCandidates(undefined, release, this.places)].find(
        (one) => one.by === "release" && existsSync(one.path),
      )?.path;
      const kernel =
        path === undefined ? undefined : this.open(path, release, (...of) => StaticKernel.ofVmlinux(...of));
      this.byRelease.set(release, kernel?.release === release ? kernel : undefined);
    }
    return this.byRelease.get(release);
  }

  private get places(): DebuginfoPlaces {
    return placesOf([], this.settings.debuginfo ?? [], process.env);
  }

  /**
   * Opens a kernel. Undefined for a file that cannot be read; a debug session with the same settings reports the
   * reason.
   */
  private open(
    path: string,
    release: string | undefined,
    kernelOf: (path: string, files: KernelSurroundings) => StaticKernel,
  ): StaticKernel | undefined {
    if (this.opened.has(path)) return this.opened.get(path);
    let kernel: StaticKernel | undefined;
    try {
      kernel = kernelOf(path, this.surroundings(path, release));
    } catch (error) {
      if (!isUnreadable(error)) throw error;
    }
    this.opened.set(path, kernel);
    return kernel;
  }

  private surroundings(path: string, release: string | undefined): KernelSurroundings {
    const { kernelSource = [], sourceFileMap = {}, modules = [] } = this.settings;
    const files = new ModuleFiles({
      directories: [...modules, ...moduleDirectories(release, this.places, path)],
      trees: buildTrees(release, this.places, path),
    });
    return {
      sources: new SourceFiles({
        kernelSource,
        sourceFileMap,
        workspace: this.folders,
        beside: modules,
        ...(release !== undefined && { release }),
      }),
      modulePaths: (name) => files.paths(name),
      budget: this.budget,
    };
  }
}
