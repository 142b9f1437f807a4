internal import JSON
internal import SegmentLog

/// The first line of an index file: which content it speaks for, and where everything stands.
///
/// Shape: one checked line, then zeros up to a multiple of 4096; here broken for reading:
///
///     {"format":2,"log":"things","first":1,"generation":0,"records":3,"content_xxh3_128":"…","events":false,
///      "min_id":"a","max_id":"c","min_at":"2026-…Z","max_at":"2026-…Z","ascending":true,
///      "sections":[{"name":"offsets","offset":4096,"bytes":24,"count":4,"parts":[24]},…,
///                  {"name":"field","path":"kind","offset":4200,"bytes":60,"count":2,"parts":[…],"rows":3,"overlaps":false}],
///      "blocks":{"bytes":4096,"offset":4264,"count":1,"xxh3":"…"},"xxh3":"…"}
///
/// Source: docs/FORMAT.md, "Index files".
struct IndexHeader: Sendable {
    static let format: Int64 = 2
    /// A header with hundreds of fields is far shorter.
    static let byteCountMax = 1 << 20
    /// What everything behind the header is aligned to.
    static let alignment = 8

    /// One thing the file holds, in one or several arrays.
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
        /// The field's, for a field.
        var path: String?
        /// Numbers, ids, rows or values, as the section has them.
        var count: Int
        /// Where its arrays stand in the file, each aligned.
        var parts: [Range<Int>]
        /// Rows of all lists of a field.
        var listedCount = 0
        /// Whether a row stands in several lists of a field.
        var hasOverlaps = false
    }

    /// What the rows of the segment span; nil without rows.
    struct Bounds: Sendable, Equatable {
        /// Byte by byte.
        var ids: ClosedRange<Text>
        var committedAt: ClosedRange<Timestamp>
    }

    var log: String
    var segment: SegmentID
    var rowCount: Int
    /// XXH3-128 of the lines the index speaks for.
    var digest: String
    var isAppendOnly: Bool
    var bounds: Bounds?
    /// Whether no row was committed before the one above it.
    var isAscending: Bool
    var sections: [Section]
    /// From the end of the header to the table of the blocks' checksums.
    var body: Range<Int>
    /// XXH3-64 of that table.
    var tableChecksum: UInt64

    /// The seed of everything in the file, beside the offset where that counts.
    static func seed(log: String, first: UInt64) -> UInt64 {
        XXH3.hash64(log) &+ first
    }

    var seed: UInt64 { Self.seed(log: log, first: segment.first) }

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
