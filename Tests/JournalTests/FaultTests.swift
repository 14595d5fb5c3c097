import Foundation
import Glibc
import Journal
import Synchronization
import Testing

/// System calls that fail when told to.
final class Faults: Sendable {
    struct Plan: Sendable {
        var write: [Int32] = []
        var synchronize: [Int32] = []
        var truncate: [Int32] = []
        /// What a failing write still brings to disk.
        var bytesBeforeFailure = 0
    }

    let plan = Mutex(Plan())

    /// Each list gives the results of the calls to come; afterwards they work.
    func set(_ change: @Sendable (inout Plan) -> Void) {
        plan.withLock { change(&$0) }
    }

    var operations: FileOperations {
        let real = FileOperations.system
        var operations = real
        operations.write = { [self] descriptor, bytes, offset in
            let (code, partial) = plan.withLock {
                ($0.write.isEmpty ? 0 : $0.write.removeFirst(), $0.bytesBeforeFailure)
            }
            guard code != 0 else { return real.write(descriptor, bytes, offset) }
            _ = real.write(descriptor, UnsafeRawBufferPointer(rebasing: bytes.prefix(partial)), offset)
            return code
        }
        operations.synchronize = { [self] descriptor in
            let code = plan.withLock { $0.synchronize.isEmpty ? 0 : $0.synchronize.removeFirst() }
            return code == 0 ? real.synchronize(descriptor) : code
        }
        operations.truncate = { [self] descriptor, size in
            let code = plan.withLock { $0.truncate.isEmpty ? 0 : $0.truncate.removeFirst() }
            return code == 0 ? real.truncate(descriptor, size) : code
        }
        return operations
    }
}

@Suite struct `Failing disks` {
    private let fixture = JournalFixture()
    private let faults = Faults()

    private func open(_ change: (inout JournalSetup) -> Void = { _ in }) throws -> Journal {
        try fixture.open { setup in
            setup.files = faults.operations
            setup.configuration.windowBytes = 0
            change(&setup)
        }
    }

    /// Reads in the same process, and once more after opening again.
    private func expectLines(_ texts: [String], _ journal: Journal) throws {
        let live = try journal.reader(after: 0).rest()
        #expect(live.lines.texts == texts)
        #expect(live.damage.isEmpty)
        journal.close()
        let again = try fixture.open()
        defer { again.close() }
        let rest = try again.reader(after: 0).rest()
        #expect(again.damageAtOpen.isEmpty)
        #expect(rest.lines.texts == texts)
        #expect(rest.damage.isEmpty)
        #expect(Set(rest.lines.seqs).count == texts.count)
    }

    @Test func `after a failed sync the lines go to a fresh segment, and count once`() async throws {
        let journal = try open()
        try await journal.append("one")
        faults.set { $0.synchronize = [EIO] }
        #expect(try await journal.append("two") == 2)
        try await journal.append("three")
        #expect(try fixture.segmentNames.count == 2)
        try expectLines(["one", "two", "three"], journal)
    }

    @Test func `lines left in the failed segment count once even if it can't be cut`() async throws {
        let journal = try open()
        try await journal.append("one")
        faults.set {
            $0.synchronize = [EIO, EIO]
            $0.truncate = [EIO]
        }
        #expect(try await journal.append("two") == 2)
        let first = String(decoding: try fixture.contents(of: "events_20261120.ndjson"), as: UTF8.self)
        #expect(first.contains("\"two\""))
        try expectLines(["one", "two"], journal)
    }

    @Test func `an invalid line stays invalid when the one before it is lost`() async throws {
        let journal = try open()
        try await journal.append("one")
        faults.set {
            $0.synchronize = [EIO, EIO]
            $0.truncate = [EIO]
        }
        try await journal.append("two")
        journal.close()
        let name = "events_20261120.ndjson"
        var bytes = try fixture.contents(of: name)
        bytes[try fixture.range(ofLine: 1, in: name).lowerBound + 50] ^= 1
        try fixture.overwrite(name, with: bytes)
        let again = try fixture.open()
        defer { again.close() }
        let rest = try again.reader(after: 0).rest()
        #expect(rest.lines.texts == ["two"])
        #expect(rest.damage.map(\.missing) == [1...1])
    }

    @Test(arguments: [0, 10, 60, 1_000_000])
    func `a write that fails half-way leaves nothing behind`(bytes: Int) async throws {
        let journal = try open()
        try await journal.append("one")
        faults.set {
            $0.write = [EIO]
            $0.truncate = [EIO]
            $0.bytesBeforeFailure = bytes
        }
        try await journal.append("two")
        try expectLines(["one", "two"], journal)
    }

    @Test(arguments: [(ENOSPC, "disk_full"), (EDQUOT, "disk_full"), (EIO, "write_failed")])
    func `when the fresh segment fails too the lines are refused, and later ones taken`(
        code: Int32,
        reason: String
    ) async throws {
        let journal = try open()
        try await journal.append("one")
        faults.set { $0.synchronize = [code, 0, code] }
        await #expect { try await journal.append("two") } throws: { ($0 as? JournalError)?.reason == reason }
        #expect(journal.durableSeq == 1)
        // A number that was given away is not used again.
        #expect(try await journal.append("three") == 3)
        try expectLines(["one", "three"], journal)
    }

    @Test func `refused lines that stay on disk are never read`() async throws {
        let journal = try open()
        try await journal.append("one")
        faults.set {
            $0.synchronize = [EIO, EIO, EIO]
            $0.truncate = [EIO]
        }
        await #expect(throws: JournalError.self) { try await journal.append("two") }
        #expect(try journal.lines().texts == ["one"])
        try await journal.append("three")
        try expectLines(["one", "three"], journal)
    }

    @Test func `the very first segment may fail as well`() async throws {
        let journal = try open()
        faults.set { $0.write = [EIO, EIO] }
        await #expect(throws: JournalError.self) { try await journal.append("one") }
        #expect(try fixture.segmentNames.isEmpty)
        try await journal.append("two")
        try expectLines(["two"], journal)
    }

    @Test func `nothing is told before the sync that follows its write`() async throws {
        let log = Mutex<[String]>([])
        let journal = try fixture.open { setup in
            let real = setup.files
            setup.files.write = { descriptor, bytes, offset in
                log.withLock { $0.append("write") }
                return real.write(descriptor, bytes, offset)
            }
            setup.files.synchronize = { descriptor in
                log.withLock { $0.append("sync") }
                return real.synchronize(descriptor)
            }
        }
        log.withLock { $0 = [] }
        for _ in 0..<2 {
            try await journal.append("line")
            log.withLock { $0.append("told") }
        }
        // The first write is the segment's header.
        #expect(log.withLock { $0 } == ["write", "write", "sync", "told", "write", "sync", "told"])
        journal.close()
    }

    @Test(arguments: [ENOSPC, EDQUOT])
    func `the reserve is given up for lines that nobody sends again`(code: Int32) async throws {
        let reserve = fixture.directory + "/reserve"
        let isFull = Mutex(false)
        let journal = try fixture.open { setup in
            setup.configuration.reserveBytes = 65_536
            let real = setup.files
            setup.files.write = { descriptor, bytes, offset in
                let mustFail = isFull.withLock { $0 } && FileManager.default.fileExists(atPath: reserve)
                return mustFail ? code : real.write(descriptor, bytes, offset)
            }
        }
        #expect(journal.restoreReserve())
        try await journal.append("one")
        isFull.withLock { $0 = true }
        await #expect { try await journal.append("refused") } throws: {
            ($0 as? JournalError)?.reason == "disk_full"
        }
        #expect(journal.isReserveHeld)
        try await journal.append(kind: "k/1", body: Array("\"kept\"".utf8), mayUseReserve: true)
        #expect(!journal.isReserveHeld)
        await #expect { try await journal.append("refused") } throws: {
            ($0 as? JournalError)?.reason == "disk_full"
        }
        try await journal.append(kind: "k/1", body: Array("\"kept too\"".utf8), mayUseReserve: true)
        isFull.withLock { $0 = false }
        #expect(journal.restoreReserve())
        try await journal.append("again")
        try expectLines(["one", "kept", "kept too", "again"], journal)
    }

    @Test(.enabled(if: SmallDisk.isAvailable, "needs the right to mount a tmpfs"))
    func `a journal opens on a full disk, and refuses lines there`() async throws {
        let disk = try SmallDisk(bytes: 1 << 20)
        defer { disk.unmount() }
        var setup = fixture.setup()
        setup.configuration = JournalConfiguration(directory: disk.path + "/data")
        setup.configuration.reserveBytes = 0
        setup.configuration.prefillBytes = 0
        let first = try Journal.open(setup)
        try await first.append("one")
        first.close()
        disk.fill()
        for epoch in 2...4 {
            let journal = try Journal.open(setup)
            try journal.confirmIdentity()
            #expect(journal.epoch == epoch)
            #expect(try journal.lines().texts == ["one"])
            await #expect { try await journal.append("refused") } throws: {
                ($0 as? JournalError)?.reason == "disk_full"
            }
            journal.close()
        }
    }

    @Test(.enabled(if: SmallDisk.isAvailable, "needs the right to mount a tmpfs"))
    func `on a really full disk acknowledged lines stay, and the reserve still takes some`() async throws {
        let disk = try SmallDisk(bytes: 4 << 20)
        defer { disk.unmount() }
        var configuration = JournalConfiguration(directory: disk.path + "/data")
        configuration.reserveBytes = 1 << 20
        configuration.prefillBytes = 256 << 10
        var setup = fixture.setup()
        setup.configuration = configuration
        let journal = try Journal.open(setup)
        #expect(journal.restoreReserve())
        let body = Array("\"\(String(repeating: "x", count: 50_000))\"".utf8)
        var kept: [Int64] = []
        var refused: JournalError?
        while refused == nil {
            do { kept.append(try await journal.append(kind: "k/1", body: body).seq) } catch {
                refused = error
            }
        }
        #expect(refused?.reason == "disk_full")
        #expect(kept.count > 20)
        kept.append(try await journal.append(kind: "k/1", body: body, mayUseReserve: true).seq)
        journal.close()
        let again = try Journal.open(setup)
        #expect(try again.reader(after: 0).rest().damage.isEmpty)
        #expect(try again.lines().seqs == kept)
        again.close()
    }
}

/// A file system of a few MiB in memory.
struct SmallDisk {
    let path: String

    /// Leaves no room for a single byte.
    func fill() {
        let descriptor = open(path + "/filler", O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
        let page = [UInt8](repeating: 1, count: 4096)
        while write(descriptor, page, page.count) > 0 {}
        close(descriptor)
    }

    static var isAvailable: Bool {
        guard let disk = try? SmallDisk(bytes: 1 << 20) else { return false }
        disk.unmount()
        return true
    }

    init(bytes: Int) throws {
        path = NSTemporaryDirectory() + "weir-disk-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        guard mount("tmpfs", path, "tmpfs", 0, "size=\(bytes)") == 0 else {
            let code = errno
            try FileManager.default.removeItem(atPath: path)
            throw SystemFailure(operation: "mount", path: path, code: code)
        }
    }

    func unmount() {
        umount2(path, Int32(MNT_DETACH))
        rmdir(path)
    }
}
