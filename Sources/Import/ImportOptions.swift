/// What an import does.
package struct ImportOptions: Sendable {
    /// Files, and directories whose recognised files are taken.
    package var paths: [String]
    /// Takes all files as of one format instead of recognising them.
    package var format: ImportFormat?
    /// Runs in one request, at most.
    package var batchSize = 500
    /// Reads and counts, and sends nothing.
    package var isDryRun = false
    /// The agent of runs that name none; such a run is refused otherwise.
    package var agentName: String?
    /// The job type of runs that name none.
    package var jobType = "unknown"
    /// The name of the run of a trace file; its file's name otherwise.
    package var runName: String?
    /// The id of the run of a trace file; derived from the file otherwise.
    package var runID: String?
    /// What stands between the cells of a trace file; found in its header otherwise.
    package var separator: UInt8?
    /// How far the clock of a trace file is ahead of UTC, in seconds.
    package var traceOffsetSeconds = 0

    /// Options for some paths; everything else has a default.
    package init(paths: [String]) {
        self.paths = paths
    }
}
