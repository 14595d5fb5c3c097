import Alerts
import Executions
package import Ingest
import Nextflow
import Pipelines
import Provenance
import Runs
import Traces
import Workers

extension Feature {
    /// Every feature of Weir: the one list that server, commands and settings iterate over.
    package static let all: [Feature] = [
        nextflow, runs, workers, executions { ExecutionNeighbours($0) },
        pipelines(templates: StoredLinkTemplates(), sources: [NextflowInsights(), TrackedRunInsights()]),
        provenance,
        traces(of: [NextflowTraces(), TrackedRunTraces(), PipelineTraces(), ExecutionTraces()]),
        alerts { StoredMeasurements($0) }, shared,
    ]
}
