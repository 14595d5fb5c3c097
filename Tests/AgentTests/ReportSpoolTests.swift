import Foundation
import TestKit
import Testing

@testable import Agent

@Suite struct `The spool` {
    private let folder: Folder

    init() throws { folder = try Folder() }

    private func spool(limit: Int = 1 << 20) throws -> ReportSpool {
        try ReportSpool(folder.path, limit: limit)
    }

    /// The spool, once the queue of an earlier one has let go of it.
    private func reopened() async throws -> ReportSpool {
        for _ in 0..<10_000 {
            if let spool = try? spool() { return spool }
            await Task.yield()
        }
        return try spool()
    }

    private func drain(_ spool: ReportSpool) async -> [String] {
        var all: [String] = []
        while let (number, report) = await spool.oldest() {
            all.append(String(decoding: report, as: UTF8.self))
            await spool.remove(number)
        }
        return all
    }

    @Test func `keeps reports in their order, over restarts`() async throws {
        var first: ReportSpool? = try spool()
        for text in ["a", "b"] { #expect(await first?.append(Array(text.utf8)) == .whole) }
        first = nil
        // Half a report, as a crash leaves it.
        try folder.write("00000000000000000003.json.part", "x")
        let second = try await reopened()
        #expect(second.count == 2)
        #expect(await second.append(Array("c".utf8)) == .whole)
        #expect(await drain(second) == ["a", "b", "c"])
        #expect(folder.names.isEmpty)
    }

    @Test func `deletes the oldest beyond its limit`() async throws {
        let spool = try spool(limit: 10)
        for text in ["aaaa", "bbbb"] { #expect(await spool.append(Array(text.utf8)) == .whole) }
        #expect(await spool.append(Array("cccccccc".utf8)) == .afterDeleting(2))
        #expect(await spool.append(Array(repeating: 0, count: 11)) == .not)
        #expect(await drain(spool) == ["cccccccc"])
    }

    @Test func `keeps what is set aside, over restarts, and never under the number of another`() async throws
    {
        var first: ReportSpool? = try spool()
        _ = await first?.append(Array("a".utf8))
        let aside = "\(folder.path)/rejected/0000000000000000000"
        #expect(await first?.setAside(1) == ReportSpool.SetAside(path: "\(aside)1.json", deleted: 0))
        #expect(first?.count == 0)
        #expect(await first?.setAside(1) == nil)
        first = nil
        let second = try await reopened()
        #expect(second.count == 0)
        #expect(await second.append(Array("b".utf8)) == .whole)
        #expect(folder.names == ["00000000000000000002.json"])
        #expect(
            await second.setAside(Array("c".utf8)) == ReportSpool.SetAside(path: "\(aside)3.json", deleted: 0)
        )
        #expect(folder.names(in: "rejected") == ["00000000000000000001.json", "00000000000000000003.json"])
    }

    @Test func `bounds what is set aside`() async throws {
        let spool = try spool(limit: 10)
        for text in ["aaaa", "bbbb"] { #expect(await spool.setAside(Array(text.utf8))?.deleted == 0) }
        #expect(await spool.setAside(Array("cccccccc".utf8))?.deleted == 2)
        #expect(folder.names(in: "rejected") == ["00000000000000000003.json"])
    }

    @Test func `makes a report and its name durable`() async throws {
        let made = Lines()
        let spool = try ReportSpool(folder.path, limit: 100) { descriptor in
            var status = stat()
            fstat(descriptor, &status)
            made.add(status.st_mode & S_IFMT == S_IFDIR ? "directory" : "file of \(status.st_size) bytes")
            return true
        }
        _ = await spool.append(Array("abc".utf8))
        #expect(made.all == ["file of 3 bytes", "directory"])
        _ = await spool.setAside(1)
        #expect(made.all.dropFirst(2) == ["directory", "directory"])
    }

    @Test func `has no report whose name is not durable`() async throws {
        let spool = try ReportSpool(folder.path, limit: 100) { descriptor in
            var status = stat()
            fstat(descriptor, &status)
            return status.st_mode & S_IFMT != S_IFDIR
        }
        #expect(await spool.append(Array("abc".utf8)) == .not)
        #expect(folder.names.isEmpty && spool.count == 0)
    }

    @Test func `is for one agent`() throws {
        let first = try spool()
        #expect(throws: SpoolError.inUse(folder.path)) { try spool() }
        _ = first
    }

    @Test func `passes over what can't be read any more`() async throws {
        let spool = try spool()
        for text in ["a", "b", "c"] { _ = await spool.append(Array(text.utf8)) }
        try folder.remove("00000000000000000001.json")
        try folder.write("00000000000000000002.json", "cut off")
        #expect(await drain(spool) == ["c"])
    }

    @Test func `keeps what can't be read now`() async throws {
        let spool = try spool()
        for text in ["a", "b"] { _ = await spool.append(Array(text.utf8)) }
        // A directory can't be read either, and is no less there.
        try folder.remove("00000000000000000001.json")
        try FileManager.default.createDirectory(
            atPath: folder.path + "/00000000000000000001.json",
            withIntermediateDirectories: false
        )
        #expect(await spool.oldest() == nil)
        #expect(spool.count == 2)
        try folder.remove("00000000000000000001.json")
        try folder.write("00000000000000000001.json", "a")
        #expect(await drain(spool) == ["a", "b"])
    }

    @Test func `says that the disk takes nothing`() async throws {
        let spool = try spool()
        #expect(await spool.append([1]) == .whole)
        try FileManager.default.removeItem(atPath: folder.path)
        #expect(await spool.append([2]) == .not)
    }

    @Test func `needs a directory that it can write`() throws {
        try folder.write("file", "")
        let path = folder.path + "/file"
        #expect(throws: SpoolError.unusable(path, code: ENOTDIR)) { try ReportSpool(path, limit: 1000) }
    }
}
