import Alerts
package import Ingest
import Nextflow
import Runs
import Workers

extension Feature {
    /// Every feature of Weir: the one list that server, commands and settings iterate over.
    package static let all: [Feature] = [
        nextflow, runs, workers, alerts { StoredMeasurements($0) }, shared,
    ]
}
