import Foundation
import TestKit
import Testing

@testable import Notifications

@Suite struct `References to secrets` {
    private let directory = URL(fileURLWithPath: "/tmp/weir-secrets-\(UUID().uuidString)")
    private let policy: SecretPolicy

    init() throws {
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        policy = SecretPolicy(directories: [directory.path])
    }

    private func read(_ value: JSONValue) throws -> String {
        try #require(SecretReference(value)).read(policy)
    }

    @Test func `lead to variables with the prefix`() throws {
        setenv("WEIR_SECRET_TEST", "from the environment", 1)
        setenv("WEIR_OTHER_TEST", "not this", 1)
        #expect(try read(["env": "WEIR_SECRET_TEST"]) == "from the environment")
        #expect(throws: SecretReference.Failure.self) { try read(["env": "WEIR_OTHER_TEST"]) }
        let error = #expect(throws: SecretReference.Failure.self) { try read(["env": "WEIR_SECRET_NONE"]) }
        #expect(error?.description == "the variable WEIR_SECRET_NONE is not set")
    }

    @Test func `lead to files in the directories, and not out of them`() throws {
        let file = directory.appendingPathComponent("key")
        try Data("a key\r\n".utf8).write(to: file)
        #expect(try read(["file": .text(file.path)]) == "a key")
        let link = directory.appendingPathComponent("link")
        try FileManager.default.createSymbolicLink(atPath: link.path, withDestinationPath: "/etc/passwd")
        let out = #expect(throws: SecretReference.Failure.self) { try read(["file": .text(link.path)]) }
        #expect(out?.description == "the file \(link.path) leads out of the directories for secrets")
        for path in [
            "/etc/passwd", "\(directory.path)/../x", "key", "\(directory.path)-2/x", "\(directory.path)/none",
        ] {
            #expect(throws: SecretReference.Failure.self) { try read(["file": .text(path)]) }
        }
    }

    @Test func `are followed at each attempt`() async throws {
        let receiver = try Receiver(Receiver.answer(200))
        let file = directory.appendingPathComponent("token")
        let config: JSONValue = [
            "url": .text("\(receiver.url)/"), "headers": ["Authorization": ["file": .text(file.path)]],
        ]
        let sender = sender { $0.secrets = policy }
        let missing = await sender.send(stageFailed(), over: channel(.webhook, config))
        #expect(missing.isAgain && missing.why.hasPrefix("the file "))
        try Data("Bearer 1\n".utf8).write(to: file)
        #expect(await sender.send(stageFailed(), over: channel(.webhook, config)).isSent)
        #expect(receiver.requests[0].field("Authorization") == "Bearer 1")
    }

    @Test func `of another template break nothing`() async throws {
        let receiver = try Receiver(Receiver.answer(200))
        let config: JSONValue = [
            "url": .text("\(receiver.url)/"), "routing_key_ref": ["env": "WEIR_SECRET_NONE"],
        ]
        #expect(await sender().send(stageFailed(), over: channel(.webhook, config)).isSent)
    }
}
