import Core
import Dispatch
import Foundation
import Journal
import Synchronization
import Testing

@Suite struct `Appending` {
    @Test func `a line on disk has exactly the documented bytes`() async throws {
        let fixture = JournalFixture()
        let journal = try fixture.open()
        let position = try await journal.append(
            kind: "nextflow.event/1",
            members: LineMembers(bytes: Array(#""actor":"a\"b","h":{"body":1},"#.utf8)),
            body: Array(#"{"x":"é"}"#.utf8)
        )
        #expect(position.seq == 1)
        let id = journal.id
        journal.close()
        #expect(try fixture.segmentNames == ["events_20261120.ndjson"])
        let lines = String(decoding: try fixture.contents(of: "events_20261120.ndjson"), as: UTF8.self)
            .split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        let time = "2026-11-20T20:05:42.570541Z"
        let header =
            #""journal":"\#(id)","format":"weir.journal/1","epoch":1,"first":1,"after":0,"at":"\#(time)"}"#
        let line =
            #""seq":1,"at":"\#(time)","kind":"nextflow.event/1","actor":"a\"b","h":{"body":1},"body":{"x":"é"}}"#
        #expect(lines == [checksummed(header), checksummed(line), ""])
    }

    @Test func `lines come back with members and body as they were given`() async throws {
        let fixture = JournalFixture()
        let journal = try fixture.open()
        defer { journal.close() }
        let members = LineMembers(bytes: Array(#""actor":"a\"b","h":{"body":1},"z":[1,{"q":"]"}],"#.utf8))
        try await journal.append(kind: "k/1", members: members, body: Array("[1 , 2.50]".utf8))
        let line = try #require(try journal.lines().first)
        #expect(line.kind == "k/1")
        #expect(line.members == members)
        #expect(line.members["actor"] == #"a"b"#)
        #expect(line.members["h"] == nil)
        #expect(line.text == "[1 , 2.50]")
        #expect(line.at.description == "2026-11-20T20:05:42.570541Z")
    }

    @Test func `completions of a batch arrive in order, in one hop for each queue`() async throws {
        let fixture = JournalFixture()
        let gate = DispatchSemaphore(value: 0)
        let journal = try fixture.open { setup in
            let real = setup.files.synchronize
            setup.files.synchronize = { descriptor in
                gate.wait()
                return real(descriptor)
            }
        }
        let queue = DispatchQueue(label: "test.completions")
        let order = Mutex<[Int64]>([])
        let done = DispatchGroup()
        for _ in 0..<10 {
            done.enter()
            journal.append(kind: "k/1", body: [0x31], on: queue) { result in
                #expect(throws: Never.self) { order.withLock { $0.append((try? result.get().seq) ?? -1) } }
                done.leave()
            }
        }
        // Nothing is told before the sync, and all ten need two syncs at most.
        #expect(order.withLock { $0 }.isEmpty)
        #expect(journal.durableSeq == 0)
        gate.signal()
        gate.signal()
        await done.finished()
        #expect(order.withLock { $0 } == Array(1...10))
        gate.signal()
        journal.close()
    }

    @Test func `what is acknowledged is there after opening again, with rising numbers and times`()
        async throws
    {
        let fixture = JournalFixture()
        for round in 0..<3 {
            let journal = try fixture.open()
            #expect(journal.epoch == Int64(round + 1))
            for index in 0..<5 { try await journal.append("r\(round) \(index)") }
            journal.close()
            // Backwards: the journal's time stands still instead.
            fixture.clock.advance(seconds: -3600)
        }
        let journal = try fixture.open()
        defer { journal.close() }
        let lines = try journal.lines()
        #expect(lines.seqs == Array(1...15))
        #expect(lines.texts == (0..<3).flatMap { round in (0..<5).map { "r\(round) \($0)" } })
        #expect(lines.map(\.at) == lines.map(\.at).sorted())
        #expect(Set(lines.map(\.at)).count == 1)
    }

    @Test func `a line feed in body or members is refused`() async throws {
        let fixture = JournalFixture()
        let journal = try fixture.open()
        defer { journal.close() }
        await #expect(throws: JournalError.lineFeedInside) {
            try await journal.append(kind: "k/1", body: Array("[1,\n2]".utf8))
        }
        await #expect(throws: JournalError.lineFeedInside) {
            try await journal.append(
                kind: "k/1",
                members: LineMembers(bytes: Array("\"a\":1,\n".utf8)),
                body: [0x31]
            )
        }
        #expect(try await journal.append("next") == 1)
    }

    @Test func `a line of 33 MiB fits, one beyond the limit is refused`() async throws {
        let fixture = JournalFixture()
        let journal = try fixture.open { $0.configuration.bufferBytes = 1 << 20 }
        let body = [UInt8](repeating: 0x31, count: 33 << 20)
        try await journal.append(kind: "k/1", body: body)
        let tooLong = [UInt8](repeating: 0x31, count: 34 << 20)
        await #expect { try await journal.append(kind: "k/1", body: tooLong) } throws: { error in
            (error as? JournalError)?.reason == "line_too_large"
        }
        try await journal.append("behind")
        journal.close()
        let again = try fixture.open()
        defer { again.close() }
        let lines = try again.lines()
        #expect(lines.map(\.body.count) == [33 << 20, 8])
    }

    @Test func `beyond the bound of buffered bytes lines are refused, and taken again later`() async throws {
        let fixture = JournalFixture()
        let gate = DispatchSemaphore(value: 0)
        let journal = try fixture.open { setup in
            setup.configuration.bufferBytes = 4096
            let real = setup.files.synchronize
            setup.files.synchronize = { descriptor in
                gate.wait()
                return real(descriptor)
            }
        }
        let queue = DispatchQueue(label: "test.completions")
        let results = Mutex<[String]>([])
        let done = DispatchGroup()
        for _ in 0..<8 {
            done.enter()
            journal.append(kind: "k/1", body: [UInt8](repeating: 0x31, count: 1000), on: queue) { result in
                switch result {
                case .success: results.withLock { $0.append("ok") }
                case .failure(let error): results.withLock { $0.append(error.reason) }
                }
                done.leave()
            }
        }
        for _ in 0..<8 { gate.signal() }
        await done.finished()
        #expect(
            results.withLock { $0.sorted() } == Array(repeating: "ok", count: 3)
                + Array(repeating: "overloaded", count: 5)
        )
        #expect(try await journal.append("later") == 4)
        journal.close()
    }

    @Test func `after close lines are refused and a second close does nothing`() async throws {
        let fixture = JournalFixture()
        let journal = try fixture.open()
        try await journal.append("one")
        journal.close()
        journal.close()
        await #expect(throws: JournalError.closed) { try await journal.append("two") }
        #expect(try journal.lines().texts == ["one"])
    }

    @Test func `directories and files are for the owner only`() async throws {
        let fixture = JournalFixture()
        let journal = try fixture.open { $0.configuration.reserveBytes = 4096 }
        try await journal.append("one")
        #expect(journal.restoreReserve())
        for (path, mode) in [
            ("", 0o700), ("/raw", 0o700), ("/lock", 0o600), ("/journal.json", 0o600), ("/reserve", 0o600),
            ("/raw/events_20261120.ndjson", 0o600),
        ] {
            let attributes = try FileManager.default.attributesOfItem(atPath: fixture.directory + path)
            #expect(attributes[.posixPermissions] as? Int == mode, "\(path)")
        }
        journal.close()
    }

    @Test func `a second opener is refused and told who holds the journal`() throws {
        let fixture = JournalFixture()
        let journal = try fixture.open()
        #expect { try fixture.open() } throws: { error in
            guard case .locked(let path, let holder) = error as? JournalError else { return false }
            return path == fixture.directory && holder.processID == ProcessInfo.processInfo.processIdentifier
        }
        journal.close()
        try fixture.open().close()
    }
}

/// The line that belongs to the bytes behind the checksum.
func checksummed(_ covered: String) -> String {
    let crc = String(CRC32C.checksum(covered.utf8), radix: 16)
    return #"{"crc":"\#(String(repeating: "0", count: 8 - crc.count))\#(crc)",\#(covered)"#
}

extension DispatchGroup {
    func finished() async {
        await withCheckedContinuation { continuation in
            notify(queue: .global()) { continuation.resume() }
        }
    }
}
