internal import Core
internal import Glibc
internal import Processes
internal import WeirClient

/// The `*.prom` files of a directory, as the textfile collector of Prometheus' node_exporter reads them: programs write
/// a file under another name and rename it, so that it is whole.
struct TextfileDirectory {
    /// The most bytes of a file.
    static let largest = 4 << 20
    /// The most files, and the most samples of all.
    private static let most = (files: 1000, samples: 50_000)

    let directory: String
    let log: AgentLog

    /// All metrics of all files that are right, and how old each file is. What a file says is of this moment.
    func measure(at now: Timestamp) -> [AgentMetric] {
        var metrics: [AgentMetric] = []
        var broken = 0
        let names = LineFile.names(in: directory).filter { $0.hasSuffix(".prom") }
        if access(directory, R_OK | X_OK) != 0 {
            log.once("directory", "\(directory) can't be read (\(String(cString: strerror(errno))))")
            broken = 1
        } else {
            log.settle("directory")
        }
        for name in names.prefix(Self.most.files) {
            do throws(Fault) {
                let (families, modified) = try read(name)
                guard metrics.count + families.reduce(0, { $0 + $1.samples.count }) <= Self.most.samples
                else {
                    throw Fault(why: "there are more than \(Self.most.samples) samples with it")
                }
                log.settle("file \(name)", "\(directory)/\(name) is right again")
                metrics += families.flatMap { family in
                    family.samples.map { AgentMetric($0, family.type, help: family.help, at: now) }
                }
                metrics.append(Self.age(name, modified))
            } catch {
                broken += 1
                log.once("file \(name)", "\(directory)/\(name) is not reported: \(error.why)")
            }
        }
        if names.count > Self.most.files {
            log.once(
                "many",
                "\(directory) has more than \(Self.most.files) files; the later ones are not reported"
            )
        }
        return metrics + [
            .gauge(
                "noetl_textfile_scrape_error",
                broken == 0 ? 0 : 1,
                "errors",
                "1 if a file of the directory could not be read, 0 otherwise"
            )
        ]
    }

    private struct Fault: Error {
        let why: String
    }

    private func read(_ name: String) throws(Fault) -> ([PrometheusFamily], Double) {
        let path = "\(directory)/\(name)"
        var status = stat()
        guard stat(path, &status) == 0 else { throw Fault(why: String(cString: strerror(errno))) }
        // A pipe would be waited for.
        guard status.st_mode & S_IFMT == S_IFREG else { throw Fault(why: "it is not a file") }
        guard status.st_size <= Self.largest else {
            throw Fault(why: "it has more than \(Self.largest) bytes")
        }
        guard let bytes = ProcFile.read(path, limit: Self.largest + 1) else {
            throw Fault(why: String(cString: strerror(errno)))
        }
        let families: [PrometheusFamily]
        do throws(PrometheusTextError) {
            families = try PrometheusFamily.all(in: bytes, limits: CustomMetrics.limits)
        } catch {
            throw Fault(why: error.description)
        }
        // It would be reported again and again at the same time.
        guard families.allSatisfy({ $0.samples.allSatisfy { $0.timestamp == nil } }) else {
            throw Fault(why: "it has timestamps, which files of this directory may not have")
        }
        return (families, Double(status.st_mtim.tv_sec) + Double(status.st_mtim.tv_nsec) / 1e9)
    }

    private static func age(_ name: String, _ modified: Double) -> AgentMetric {
        .gauge(
            "noetl_textfile_mtime_seconds",
            modified,
            "seconds",
            "Time of the last change of a file of the directory, since unix epoch",
            [PrometheusLabel("file", name)]
        )
    }
}
