/// The names of a log's files, made and parsed here and nowhere else.
///
///     manifest.json
///     00000000000000150001.jsonl
///
/// A segment is named by its first sequence in twenty digits, so names sort as the records do.
/// Source: docs/FORMAT.md, "Logs".
package enum SegmentName {
    package static let manifest = "manifest.json"

    private static let digitCount = 20
    private static let suffix = ".jsonl"

    /// The name of the segment whose first record is `first`.
    package static func make(_ first: UInt64) -> String {
        let digits = String(first)
        return String(repeating: "0", count: digitCount - digits.utf8.count) + digits + suffix
    }

    /// The first sequence of the segment called `name`, or nil where that is no segment's name.
    package static func parse(_ name: String) -> UInt64? {
        let digits = name.utf8.prefix(digitCount)
        guard name.utf8.count == digitCount + suffix.utf8.count, name.hasSuffix(suffix),
            digits.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }),
            let first = UInt64(name.prefix(digitCount)), first > 0
        else { return nil }
        return first
    }
}
