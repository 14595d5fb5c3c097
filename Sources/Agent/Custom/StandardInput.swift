internal import Core
internal import Dispatch
internal import Glibc

/// Reads metrics from standard input until it ends.
struct StandardInput {
    let metrics: CustomMetrics
    let log: AgentLog

    /// Begins to read; a line that is wrong is reported, and the next ones count.
    func start() {
        let (metrics, log) = (metrics, log)
        // Reading blocks: a thread of its own.
        DispatchQueue(label: "weir.agent.stdin").async {
            var splitter = LineSplitter()
            var number = 0
            func take(_ line: [UInt8]?) {
                number += 1
                let fault =
                    line.map { metrics.take($0, at: .now()) }
                    ?? "it has more than \(LineSplitter.longest) bytes"
                if let fault {
                    log.once("stdin", "standard input, line \(number): \(fault); later errors are not shown")
                }
            }
            var block = [UInt8](repeating: 0, count: 16 << 10)
            while true {
                let count = read(STDIN_FILENO, &block, block.count)
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { break }
                splitter.take(block[..<count], take)
            }
            splitter.finish(take)
        }
    }
}
