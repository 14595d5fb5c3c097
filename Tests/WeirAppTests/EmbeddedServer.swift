import Core
import Foundation
import HTTPServer
import Ingest
import Logging
import Postgres
import TestKit

@testable import WeirApp

/// A whole Weir within the test, on a port that the system chose and a database of its own.
final class EmbeddedServer: Sendable {
    let server: WeirServer
    let directory: String
    private let database: TemporaryDatabase?

    /// Starts one; `databaseURL` replaces the fresh database.
    static func start(
        databaseURL: String? = nil,
        directory: String? = nil,
        listen: String = "127.0.0.1:0,nextflow@127.0.0.1:0,runs@127.0.0.1:0",
        features: [Feature] = Feature.all,
        configure: (inout Settings) -> Void = { _ in }
    ) async throws -> EmbeddedServer {
        let database = databaseURL == nil ? try TemporaryDatabase.make() : nil
        var settings = try Settings.resolve(
            flags: [
                "listen": listen,
                "database-url": databaseURL ?? database?.target.unmaskedURL ?? "",
                "data-dir": directory ?? Self.newDirectory(),
            ]
        ).settings
        settings.journalReserve = 0
        settings.lanes = 1
        // A busy machine may take its time for the first batch; what is tested is that the rows come.
        settings.readWait = .seconds(30)
        configure(&settings)
        let server = EmbeddedServer(settings, features, database)
        try await server.server.start()
        return server
    }

    static func newDirectory() -> String { NSTemporaryDirectory() + "weir-app-\(UUID128.random())" }

    private init(_ settings: Settings, _ features: [Feature], _ database: TemporaryDatabase?) {
        server = WeirServer(settings, features: features, logger: .silent)
        directory = settings.dataDirectory
        self.database = database
    }

    /// A client of the main listener, or of a profile.
    func client(profile: String? = nil, fields: [RawField] = []) throws -> HTTPTestClient {
        for address in server.addresses where address.profile == profile {
            guard let port = address.port else { continue }
            return HTTPTestClient(.tcp(host: "127.0.0.1", port: port), fields: fields)
        }
        throw NoListener()
    }

    func stop() async {
        await server.stop()
        try? FileManager.default.removeItem(atPath: directory)
    }

    struct NoListener: Error {}
}
