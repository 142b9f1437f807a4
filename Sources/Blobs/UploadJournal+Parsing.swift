package import JSON

/// Parsing.
extension UploadJournal {
    /// A journal up to its first fault.
    package struct Contents: Sendable, Hashable {
        package let header: Header
        package internal(set) var chunks: [Chunk] = []
        /// Where the line of each chunk begins.
        package internal(set) var chunkOffsets: [Int64] = []
        /// Where the last line without a fault ends.
        package internal(set) var end: Int64
        /// Why the line at `end` is no continuation; nil if the journal ends there.
        package internal(set) var fault: Fault?

        /// The time of the last chunk, or of the beginning.
        package var lastActivity: Timestamp { chunks.last?.at ?? header.createdAt }
    }

    package enum Fault: Sendable, Hashable {
        /// The line has no newline: its write did not finish.
        case torn
        /// The line does not verify.
        case damaged
        /// The line verifies but does not continue the one before.
        case outOfOrder
    }

    /// Returns the journal of upload `id` up to the first line that fails; nil if that is the header.
    package static func parse(_ bytes: [UInt8], of id: BlobID) -> Contents? {
        var lines = Lines(bytes, of: id)
        guard let first = lines.next(), let header = first.object.flatMap({ header($0, of: id) }) else { return nil }
        var contents = Contents(header: header, end: Int64(first.range.upperBound))
        while contents.fault == nil, let line = lines.next() {
            if let chunk = line.object.flatMap(chunk), contents.isContinued(by: chunk) {
                contents.chunks.append(chunk)
                contents.chunkOffsets.append(Int64(line.range.lowerBound))
                contents.end = Int64(line.range.upperBound)
            } else {
                contents.fault = line.object == nil ? .damaged : .outOfOrder
            }
        }
        if contents.fault == nil, contents.end < bytes.count { contents.fault = .torn }
        return contents
    }

    /// Returns how many chunks a verifying line calls durable at most; nil if no line of a chunk verifies.
    ///
    /// Lines that fail are skipped: a later one proves that what was before it had reached the disk.
    package static func durableChunkCount(_ bytes: [UInt8], of id: BlobID) -> Int? {
        Lines(bytes, of: id).compactMap { $0.object.flatMap(chunk)?.durableChunkCount }.max()
    }

    /// Above every length of a file; sums of lengths below it do not overflow.
    private static let byteCountBound: Int64 = 1 << 48

    private static func header(_ object: JSONObject, of id: BlobID) -> Header? {
        guard let format = object["format"]?.int, object["upload_id"]?.string == id.text,
            let fileName = object["file_name"]?.string, let size = object["file_size"],
            size.isNull ? format == 4 : format == 1 && size.count.map({ $0 <= byteCountBound }) == true,
            let chunkByteCount = object["chunk_size"]?.count, (1...byteCountBound).contains(chunkByteCount),
            let createdAt = object["created_at"]?.string.flatMap({ Timestamp(parsing: $0) })
        else { return nil }
        return Header(
            id: id,
            fileName: fileName,
            byteCount: size.count,
            chunkByteCount: Int(chunkByteCount),
            createdAt: createdAt
        )
    }

    private static func chunk(_ object: JSONObject) -> Chunk? {
        guard let index = object["chunk"]?.count, let byteCount = object["bytes"]?.count,
            let storedEnd = object["stored_end"]?.count, let frames = object["frames"]?.array,
            let digest = object["digest"]?.string, let durable = object["durable"]?.count,
            let at = object["at"]?.string.flatMap({ Timestamp(parsing: $0) })
        else { return nil }
        let parsed = frames.compactMap { frame -> Chunk.Frame? in
            // A seek table counts them in 32 bits.
            guard let counts = frame.array, counts.count == 2, let stored = counts[0].count,
                let content = counts[1].count, (1...Int64(UInt32.max)).contains(stored),
                (1...Int64(UInt32.max)).contains(content)
            else { return nil }
            return Chunk.Frame(storedByteCount: Int(stored), contentByteCount: Int(content))
        }
        guard parsed.count == frames.count else { return nil }
        return Chunk(
            index: Int(index),
            byteCount: Int(byteCount),
            storedEnd: storedEnd,
            frames: parsed,
            digest: digest,
            durableChunkCount: Int(durable),
            at: at
        )
    }
}

/// The lines of a journal that end in a newline, each with its place, and its object if it verifies.
private struct Lines: Sequence, IteratorProtocol {
    private let bytes: [UInt8]
    private let id: BlobID
    private var start = 0

    init(_ bytes: [UInt8], of id: BlobID) {
        self.bytes = bytes
        self.id = id
    }

    mutating func next() -> (range: Range<Int>, object: JSONObject?)? {
        guard let newline = bytes[start...].firstIndex(of: UInt8(ascii: "\n")) else { return nil }
        let range = start..<newline + 1
        start = range.upperBound
        do {
            return (range, try CheckedLine.open(Array(bytes[range]), seed: id.seed &+ UInt64(range.lowerBound)))
        } catch {
            return (range, nil)
        }
    }
}

extension UploadJournal.Contents {
    /// Whether a chunk is the next one and its counts add up.
    fileprivate func isContinued(by chunk: UploadJournal.Chunk) -> Bool {
        chunk.index == chunks.count
            && chunk.byteCount == chunk.frames.reduce(0) { $0 + $1.contentByteCount }
            && chunk.storedEnd == (chunks.last?.storedEnd ?? 0)
                + chunk.frames.reduce(0) { $0 + Int64($1.storedByteCount) }
    }
}

extension JSON {
    /// A number of bytes or chunks, which is never negative.
    fileprivate var count: Int64? { int.flatMap { $0 >= 0 ? $0 : nil } }
}
