import Glibc
import HTTP
import TestKit
import Testing

@testable import HTTPServer

extension ServerTests {
    @Suite struct `Listening` {
        @Test func `several listeners serve with their listener profiles`() async throws {
            let application = ClosureApplication { _, info in
                .refuse(.text("\(info.listener.profile ?? "main")"))
            }
            let second = ListenSpecification(profile: "runs", .tcp(host: "localhost", port: 0))
            try await withServer(application, listeners: [TestServer.loopback, second]) { server in
                #expect(server.addresses.map(\.profile) == [nil, "runs"])
                #expect(try server.client.get("/").text == "main")
                let port = try #require(server.addresses[1].port)
                let runs = HTTPTestClient(.tcp(host: "127.0.0.1", port: port))
                #expect(try runs.get("/").text == "runs")
            }
        }

        @Test func `IPv6 is served`() async throws {
            let loopback = ListenSpecification(.tcp(host: "::1", port: 0))
            do {
                try await withServer(listeners: [loopback]) { server in
                    #expect(server.addresses[0].description.hasPrefix("[::1]:"))
                    let response = try server.client.get("/six")
                    #expect(response.text == "GET /six ")
                    let seen = await server.observer.wait { $0.records.count == 1 }
                    #expect(seen.records[0].connection.peer.address == "::1")
                }
            } catch let error as ListenError where error.cause == .addressNotAvailable {
                return  // this machine has no IPv6
            } catch let error as ListenError {
                guard case .system(_, EAFNOSUPPORT) = error.cause else { throw error }
            }
        }

        @Test func `a Unix socket is served and its file removed`() async throws {
            let path = "/tmp/weir-test-\(getpid())-served.sock"
            try await withServer(listeners: [ListenSpecification(.unix(path: path))]) { server in
                #expect(mode(of: path) == 0o600)
                let response = try server.client.get("/u")
                #expect(response.text == "GET /u ")
                let seen = await server.observer.wait { $0.records.count == 1 }
                #expect(seen.records[0].connection.peer.address == "")
            }
            #expect(mode(of: path) == nil)
        }

        @Test func `a stale socket file is replaced`() async throws {
            let path = "/tmp/weir-test-\(getpid())-stale.sock"
            do {
                let stale = try Socket.make(family: AF_UNIX)
                try stale.bind(SocketAddress(unixPath: path))
            }
            #expect(mode(of: path) != nil)
            try await withServer(
                listeners: [ListenSpecification(.unix(path: path))],
                configure: setting(\.unixSocketMode, 0o660)
            ) { server in
                #expect(mode(of: path) == 0o660)
                let response = try server.client.get("/")
                #expect(response.status == 200)
            }
        }

        @Test func `a socket file in use is left alone`() async throws {
            let path = "/tmp/weir-test-\(getpid())-used.sock"
            let listener = ListenSpecification(.unix(path: path))
            try await withServer(listeners: [listener]) { server in
                let error = try #require(startError([listener]))
                #expect(error.cause == .addressInUse)
                #expect(try server.client.get("/").status == 200)
            }
        }

        @Test func `a path that is no socket is left alone`() throws {
            let path = "/tmp/weir-test-\(getpid())-file.sock"
            close(open(path, O_CREAT | O_WRONLY, 0o600))
            defer { unlink(path) }
            #expect(startError([ListenSpecification(.unix(path: path))])?.cause == .notASocket)
            #expect(mode(of: path) != nil)
        }

        @Test func `a taken port is told in words, and no listener stays open`() async throws {
            try await withServer { server in
                let port = try #require(server.addresses[0].port)
                let taken = ListenSpecification(.tcp(host: "127.0.0.1", port: UInt16(port)))
                let path = "/tmp/weir-test-\(getpid())-first.sock"
                let error = try #require(startError([ListenSpecification(.unix(path: path)), taken]))
                #expect(error.cause == .addressInUse)
                #expect(error.description.contains("127.0.0.1:\(port)"))
                #expect(error.description.contains("another process listens there"))
            }
        }

        @Test func `a host without an address is told in words`() {
            let error = startError([ListenSpecification(.tcp(host: "no-such-host.invalid", port: 0))])
            guard case .unknownHost = error?.cause else {
                Issue.record("\(String(describing: error))")
                return
            }
        }

        @Test func `an address of another machine is told in words`() {
            let error = startError([ListenSpecification(.tcp(host: "192.0.2.1", port: 0))])
            #expect(error?.cause == .addressNotAvailable)
        }

        @Test func `a path that is too long is told in words`() {
            let error = startError([
                ListenSpecification(.unix(path: "/" + String(repeating: "x", count: 120)))
            ])
            #expect(error?.cause == .pathTooLong(length: 121, limit: 107))
        }

        private func startError(_ listeners: [ListenSpecification]) -> ListenError? {
            let server = Server(
                configuration: ServerConfiguration(listeners: listeners),
                application: ClosureApplication.echo(),
                logger: .silent
            )
            do throws(ListenError) {
                try server.start()
                return nil
            } catch {
                return error
            }
        }

        private func mode(of path: String) -> mode_t? {
            var status = stat()
            return stat(path, &status) == 0 ? status.st_mode & 0o777 : nil
        }
    }
}

@Suite struct `Listener specifications` {
    private static let profiles: Set<String> = ["nextflow", "runs", "metrics"]

    @Test(
        arguments: [
            ("127.0.0.1:8000", nil, ListenSpecification.Endpoint.tcp(host: "127.0.0.1", port: 8000)),
            ("runs@127.0.0.1:8765", "runs", .tcp(host: "127.0.0.1", port: 8765)),
            ("[::1]:0", nil, .tcp(host: "::1", port: 0)),
            ("metrics@[::]:9000", "metrics", .tcp(host: "::", port: 9000)),
            ("unix:/run/weir.sock", nil, .unix(path: "/run/weir.sock")),
            ("runs@unix:/run/a@b:1", "runs", .unix(path: "/run/a@b:1")),
            ("localhost:80", nil, .tcp(host: "localhost", port: 80)),
        ] as [(String, String?, ListenSpecification.Endpoint)]
    )
    func `the three forms are read and written`(
        text: String,
        profile: String?,
        endpoint: ListenSpecification.Endpoint
    ) throws {
        let specification = try ListenSpecification(text, profiles: Self.profiles)
        #expect(specification.profile == profile)
        #expect(specification.endpoint == endpoint)
        #expect(specification.description == text)
    }

    @Test(
        arguments: [
            "", "8000", ":8000", "host", "host:", "host:65536", "host:-1", "host:+1", "::1:80", "[host]:80",
            "[::1]80", "unix:relative", "unix:", "a b:80", "http://host:80",
        ]
    )
    func `other texts are refused`(text: String) {
        #expect(throws: ListenSpecificationError(text: text, cause: .malformed)) {
            try ListenSpecification(text, profiles: Self.profiles)
        }
    }

    @Test func `an unknown listener profile is refused with the known ones`() {
        let error = #expect(throws: ListenSpecificationError.self) {
            try ListenSpecification("tower@localhost:80", profiles: Self.profiles)
        }
        #expect(error?.description.hasSuffix("known are metrics, nextflow, runs") == true)
    }

    @Test func `a list is read with blanks around its members`() throws {
        let list = try ListenSpecification.list(
            "127.0.0.1:8000 , runs@127.0.0.1:8765",
            profiles: Self.profiles
        )
        #expect(list.map(\.description) == ["127.0.0.1:8000", "runs@127.0.0.1:8765"])
        #expect(throws: ListenSpecificationError.self) {
            try ListenSpecification.list("127.0.0.1:8000,", profiles: Self.profiles)
        }
    }

    @Test(
        arguments: [
            ("127.0.0.1:1", true), ("127.8.9.10:1", true), ("[::1]:1", true), ("localhost:1", true),
            ("unix:/x", true), ("0.0.0.0:1", false), ("[::]:1", false), ("127.example.org:1", false),
            ("10.0.0.1:1", false),
        ]
    )
    func `loopback is told from what others can reach`(text: String, expected: Bool) throws {
        #expect(try ListenSpecification(text, profiles: []).isLoopback == expected)
    }
}
