internal import JSON
internal import SegmentLog

/// The first line of an index file: which content it indexes, and the places of its sections.
///
/// Shape: one checked line, then zeros up to a multiple of 4096; here with line breaks:
///
///     {"format":3,"log":"things","first":1,"generation":0,"records":3,"content_xxh3_128":"…","events":false,
///      "min_id":"a","max_id":"c","min_at":"2026-…Z","max_at":"2026-…Z","ascending":true,
///      "sections":[{"name":"offsets","offset":4096,"bytes":24,"count":4,"parts":[24]},…,
///                  {"name":"field","path":"kind","offset":4200,"bytes":60,"count":2,"parts":[…],"rows":3,"overlaps":false}],
///      "blocks":{"bytes":4096,"offset":4264,"count":1,"xxh3":"…"},"xxh3":"…"}
///
/// Source: docs/FORMAT.md, "Index files".
struct IndexHeader: Sendable {
    static let format: Int64 = 3
    /// The maximum length; a header with hundreds of fields is much shorter.
    static let byteCountMax = 1 << 20
    /// The alignment of all arrays after the header.
    static let alignment = 8

    /// One section of the file, of one or several arrays.
    struct Section: Sendable, Equatable {
        enum Name: String, Sendable {
            case offsets, committedAt = "committed_at", ids, tombstones, field

            /// The sections of a file, in order, before those of the fields.
            static func all(isAppendOnly: Bool) -> [Name] {
                isAppendOnly ? [.offsets, .committedAt, .ids] : [.offsets, .committedAt, .ids, .tombstones]
            }

            func partCount(isAppendOnly: Bool) -> Int {
                switch self {
                case .offsets, .committedAt, .tombstones: 1
                case .ids: 3
                case .field: 4
                }
            }
        }

        var name: Name
        /// The path of the field; nil for other sections.
        var path: String?
        /// The number of its numbers, ids, rows or values.
        var count: Int
        /// The ranges of its arrays in the file, each aligned.
        var parts: [Range<Int>]
        /// The number of rows of all lists of a field.
        var listedCount = 0
        /// Whether a row is in several lists of a field.
        var hasOverlaps = false
    }

    /// The ranges of ids and times of the segment's rows; nil without rows.
    struct Bounds: Sendable, Equatable {
        /// Byte by byte.
        var ids: ClosedRange<Text>
        var committedAt: ClosedRange<Timestamp>
    }

    var log: String
    var segment: SegmentID
    var rowCount: Int
    /// XXH3-128 of the indexed lines.
    var digest: String
    /// The seed of the hashes of the ids of events: random and secret, because clients choose ids; nil for other
    /// documents.
    var idSeed: UInt64?
    var bounds: Bounds?
    /// Whether no row was committed before the previous one.
    var isAscending: Bool
    var sections: [Section]
    /// From the end of the header to the table of the blocks' checksums.
    var body: Range<Int>
    /// XXH3-64 of that table.
    var tableChecksum: UInt64

    /// The table has 8 bytes for each block, and ends the file.
    var fileByteCount: Int { body.upperBound + CheckedMap.blockCount(of: body.count) * 8 }

    /// The seed of all checksums in the file; for blocks, their offset is added.
    static func seed(log: String, first: UInt64) -> UInt64 {
        XXH3.hash64(log) &+ first
    }

    var seed: UInt64 { Self.seed(log: log, first: segment.first) }

    var isAppendOnly: Bool { idSeed != nil }

    /// The parts of a section from `offset` on, each `byteCount` long and aligned.
    static func parts(_ byteCounts: [Int], from offset: Int) -> [Range<Int>] {
        var start = offset
        return byteCounts.map { byteCount in
            defer { start = aligned(start + byteCount) }
            return start..<start + byteCount
        }
    }

    static func aligned(_ offset: Int) -> Int {
        (offset + alignment - 1) / alignment * alignment
    }
}
