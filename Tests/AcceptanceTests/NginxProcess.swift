import Foundation
import TestKit

/// nginx with the file that is shipped; only what a test can't have is other: ports, certificates, where it logs.
final class NginxProcess: Sendable {
    /// Nil where it is not installed.
    static let executable = ["/usr/sbin/nginx", "/usr/bin/nginx", "/usr/local/sbin/nginx"].first {
        FileManager.default.isExecutableFile(atPath: $0)
    }

    private let process: Process
    private let port: Int
    private let directory: String

    init(to weir: Int, in parent: String) throws {
        let directory = parent + "/nginx"
        self.directory = directory
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        let port = Int(try StubListener(nil).port)
        self.port = port
        let kept = Document("deploy/nginx.conf").text.split(separator: "\n").filter { line in
            !["ssl_", "listen [::]"].contains { line.contains($0) }
        }
        let site = kept.joined(separator: "\n")
            .replacing("listen 443 ssl", with: "listen 127.0.0.1:\(port)")
            .replacing("server 127.0.0.1:8000", with: "server 127.0.0.1:\(weir)")
            .replacing("/var/log/nginx/weir.log", with: "\(directory)/access.log")
        let paths = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map {
            "\($0)_temp_path \(directory)/\($0);"
        }
        let main = """
            daemon off; master_process off; pid \(directory)/pid; error_log \(directory)/error.log;
            events { worker_connections 64; }
            http { \(paths.joined(separator: " "))
            \(site)
            }
            """
        let file = directory + "/nginx.conf"
        try main.write(toFile: file, atomically: true, encoding: .utf8)
        process = Process()
        process.executableURL = URL(filePath: Self.executable ?? "")
        process.arguments = ["-p", directory, "-e", directory + "/error.log", "-c", file]
        process.standardInput = FileHandle.nullDevice
        try process.runWithUsualSignals()
    }

    deinit { process.terminate() }

    var accessLog: String { (try? String(contentsOfFile: directory + "/access.log", encoding: .utf8)) ?? "" }

    /// Waits until it answers.
    func ready() async throws -> HTTPTestClient {
        let client = HTTPTestClient(.tcp(host: "127.0.0.1", port: port))
        let end = ContinuousClock.now + .seconds(60)
        while ContinuousClock.now < end, process.isRunning {
            if (try? client.get("/health").status) == 200 { return client }
            try await Task.sleep(for: .milliseconds(20))
        }
        let errors = (try? String(contentsOfFile: directory + "/error.log", encoding: .utf8)) ?? ""
        throw WeirProcess.NotReady(description: "nginx does not answer: \(errors)")
    }
}
