internal import Core
internal import Glibc

/// The bytes of a segment from front to back, decompressed if need be.
struct SegmentSource {
    private static let compressedPieceBytes = 16_384

    private let file: OpenFile
    private let decoder: (any SegmentTransform)?
    private var fileOffset: Int64
    private var isDecoded = false

    /// Opens `name` in `directory`; `offset` counts for plain segments only.
    init(
        directory: String,
        name: SegmentName,
        codec: SegmentCodec?,
        offset: Int64 = 0
    ) throws(JournalError) {
        let path = directory + "/" + name.text
        do {
            file = try OpenFile(path: path, flags: O_RDONLY)
        } catch {
            throw .system(error)
        }
        guard let compression = name.compression else {
            decoder = nil
            fileOffset = offset
            return
        }
        guard let codec, codec.fileExtension == compression else { throw .codecMissing(path: path) }
        do {
            decoder = try codec.makeDecoder()
        } catch {
            throw .codecFailed(path: path, message: error.message)
        }
        fileOffset = 0
    }

    /// `carry` with about `count` more bytes after it; nil at the end, or at `limit` (an offset, plain segments only).
    mutating func read(
        behind carry: ArraySlice<UInt8>,
        count: Int,
        limit: Int64?
    ) throws(JournalError) -> [UInt8]? {
        if let decoder {
            return try decode(with: decoder, behind: carry, count: count)
        }
        let allowed = limit.map { min(Int64(count), $0 - fileOffset) } ?? Int64(count)
        guard allowed > 0 else { return nil }
        let bytes = try readFile(behind: carry, count: Int(allowed))
        fileOffset += Int64(bytes.count - carry.count)
        return bytes.count > carry.count ? bytes : nil
    }

    private func readFile(behind carry: ArraySlice<UInt8>, count: Int) throws(JournalError) -> [UInt8] {
        var failure: SystemFailure?
        let bytes = [UInt8](unsafeUninitializedCapacity: carry.count + count) { buffer, used in
            _ = buffer.initialize(fromContentsOf: carry)
            used = carry.count
            do throws(SystemFailure) {
                let rest = UnsafeMutableRawBufferPointer(
                    rebasing: UnsafeMutableRawBufferPointer(buffer)[used...]
                )
                used += try file.read(into: rest, at: fileOffset)
            } catch {
                failure = error
            }
        }
        if let failure { throw .system(failure) }
        return bytes
    }

    private mutating func decode(
        with decoder: any SegmentTransform,
        behind carry: ArraySlice<UInt8>,
        count: Int
    ) throws(JournalError) -> [UInt8]? {
        var bytes = Array(carry)
        while bytes.count - carry.count < count, !isDecoded {
            let piece = try readFile(behind: [], count: Self.compressedPieceBytes)
            fileOffset += Int64(piece.count)
            isDecoded = piece.isEmpty
            do throws(SegmentCodecError) {
                try decoder.process(piece, isLast: isDecoded, into: &bytes)
            } catch {
                throw .codecFailed(path: file.path, message: error.message)
            }
        }
        return bytes.count > carry.count ? bytes : nil
    }
}
