package import Ingest
import Nextflow
import Runs

extension Feature {
    /// Every feature of Weir: the one list over which server, commands and settings walk.
    package static let all: [Feature] = [nextflow, runs, shared]
}
