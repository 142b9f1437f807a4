import Disk
import JSON
import QuerySamples
import SegmentLog
import TestSupport

@testable import Index

extension IndexSchema {
    /// Documents that are replaced and deleted.
    static let things = IndexSchema(log: "things", paths: QuerySample.indexedPaths, isAppendOnly: false)
    /// Events: only ever inserted.
    static let events = IndexSchema(log: "events", paths: QuerySample.indexedPaths, isAppendOnly: true)
}

/// Rows and their index file.
struct IndexFileSample {
    let schema: IndexSchema
    /// The document of each row; nil for a tombstone.
    let documents: [[UInt8]?]
    let ids: [String]
    let moments: [Int64]
    private(set) var segment: SegmentSummary
    /// The seed of the hashes of ids, as in the example of docs/FORMAT.md.
    var idSeed: UInt64 = 0x0123_4567_89ab_cdef

    init(
        _ documents: [[UInt8]?],
        of schema: IndexSchema,
        ids: [String]? = nil,
        moments: [Int64]? = nil,
        digest: String = "00112233445566778899aabbccddeeff"
    ) {
        self.schema = schema
        self.documents = documents
        self.ids = ids ?? documents.indices.map { "id-\($0)" }
        self.moments = moments ?? documents.indices.map { Int64($0) * 1_000 }
        segment = SegmentSummary(
            id: SegmentID(first: 1, generation: 0),
            form: .sealed,
            last: UInt64(documents.count),
            recordCount: documents.count,
            byteCount: Int64(documents.count * 300),
            storedByteCount: 0,
            firstAt: nil,
            lastAt: nil,
            digest: digest
        )
    }

    /// Returns documents of every shape; one in eight rows is a tombstone if the schema allows it.
    static func random(
        _ rowCount: Int,
        of schema: IndexSchema,
        hasTombstones: Bool = true,
        _ generator: inout SeededGenerator
    ) -> IndexFileSample {
        var documents: [[UInt8]?] = []
        var ids: [String] = []
        var moments: [Int64] = []
        for row in 0..<rowCount {
            let isTombstone =
                hasTombstones && !schema.isAppendOnly && Int.random(in: 0..<8, using: &generator) == 0
            documents.append(isTombstone ? nil : QuerySample.document(&generator).bytes)
            let number = schema.isAppendOnly ? row : Int.random(in: 0..<rowCount, using: &generator)
            ids.append(id(number))
            let jitter = schema.isAppendOnly ? 0 : Int64.random(in: -3...3, using: &generator)
            moments.append(1_780_000_000_000_000 + Int64(row) + jitter)
        }
        return IndexFileSample(documents, of: schema, ids: ids, moments: moments)
    }

    /// Returns an id of one of the kinds: UUIDs, UUIDs that are not in lower case, other texts.
    static func id(_ number: Int) -> String {
        let digits = String(number, radix: 16)
        let uuid = "0190a1b2-c3d4-7e5f-8a9b-" + String(repeating: "0", count: 12 - digits.count) + digits
        return [uuid, "id-\(number)", uuid.uppercased(), "\(number)", "é\(number)"][number % 5]
    }

    var rows: [IndexRow] {
        documents.indices.map { row in
            IndexRow(
                id: Text(ids[row]),
                pointer: pointer(of: row),
                committedAt: Timestamp(microseconds: moments[row]),
                values: documents[row]?
                    .withUnsafeBytes { bytes in
                        schema.paths.map { FieldValue($0, in: bytes) }
                    }
            )
        }
    }

    func pointer(of row: Int) -> RecordPointer {
        RecordPointer(segment: segment.id, offset: UInt32(row * (row + 599) / 2), byteCount: UInt32(300 + row))
    }

    /// The bytes of the index file.
    var file: [UInt8] {
        var builder = IndexFileBuilder(schema, idSeed: idSeed)
        for row in rows { builder.append(row) }
        return builder.finish(for: segment)
    }

    func index() throws -> MappedIndex {
        try index(file)
    }

    /// Opens bytes, which may be malformed.
    func index(_ bytes: [UInt8]) throws(StorageError) -> MappedIndex {
        try MappedIndex(.memory(bytes), path: "x.idx", of: segment, schema)
    }

    var memoryIndex: MemoryIndex {
        let index = MemoryIndex(segment: segment.id, schema: schema)
        for row in rows { index.append(row) }
        return index
    }

    /// The rows below `rowCount` whose documents pass.
    func rows(passing condition: Condition, below rowCount: Int) -> [Int] {
        documents.indices.prefix(rowCount).filter { row in
            guard let document = documents[row] else { return false }
            guard condition.path != .committedAt else {
                return condition.passes(.instant(Timestamp(microseconds: moments[row])))
            }
            return document.withUnsafeBytes { condition.holds(in: $0) }
        }
    }
}

extension CheckedMap {
    /// Wraps bytes as the body of a file, with matching checksums.
    static func of(_ body: [UInt8], path: String = "x.idx", budget: BlockBudget = .shared) throws -> CheckedMap {
        let checksums = stride(from: 0, to: body.count, by: blockByteCount).map { start in
            XXH3.hash64(Array(body[start..<min(start + blockByteCount, body.count)]), seed: UInt64(start))
        }
        return try CheckedMap(
            .memory(body),
            path: path,
            body: 0..<body.count,
            checksums: checksums,
            seed: 0,
            budget: budget
        )
    }
}

extension CheckedMap {
    func copy(at offset: Int, count: Int) throws(StorageError) -> [UInt8] {
        try reading { () throws(StorageError) in Array(try bytes(at: offset, count: count)) }
    }
}

extension RowMatch {
    /// Returns the rows below `rowCount`; nil if the documents must be read.
    func rows(below rowCount: Int) -> [Int]? {
        switch self {
        case .none: return []
        case .all: return Array(0..<rowCount)
        case .unknown: return nil
        case .some(let set):
            guard set.rowCount == rowCount else { return nil }
            return (0..<rowCount).filter(set.contains)
        }
    }
}

extension ValueColumn {
    /// Every value with its rows.
    func contents() throws(StorageError) -> [(value: Scalar, rows: [Int])] {
        var contents: [(Scalar, [Int])] = []
        for position in 0..<valueCount {
            var rows: [Int] = []
            try forEachRow(at: position) { rows.append($0) }
            contents.append((try value(at: position), rows))
        }
        return contents
    }
}
