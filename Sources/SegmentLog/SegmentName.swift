/// The names of a log's files: the only code that composes and parses them.
///
///     manifest.json
///     00000000000000150001.jsonl            active or closed: plain lines
///     00000000000000000001.jsonl.zst        sealed
///     00000000000000000001.idx              the index of a sealed segment
///     00000000000000000001-2.jsonl.zst      sealed, of generation 2
///     00000000000000000001-2.idx
///
/// A segment is named by its first sequence in twenty digits, so names sort as the records do.
/// Source: docs/FORMAT.md, "Logs".
package enum SegmentName {
    /// The content of a segment's file, by the suffix of its name.
    package enum Form: String, Sendable, Hashable, CaseIterable {
        /// Its lines.
        case plain = ".jsonl"
        /// Its lines, compressed.
        case sealed = ".jsonl.zst"
        /// Its index.
        case index = ".idx"
    }

    package static let manifest = "manifest.json"
    /// The suffix of a file that is being written, after its name.
    package static let unfinishedSuffix = ".new"

    private static let digitCount = 20

    /// Returns the name of a segment's file.
    ///
    /// - Precondition: Plain lines are of generation 0.
    package static func make(_ id: SegmentID, _ form: Form = .plain) -> String {
        precondition(form != .plain || id.generation == 0, "only compressed segments are created from others")
        let digits = String(id.first)
        let zeros = String(repeating: "0", count: digitCount - digits.utf8.count)
        return zeros + digits + (id.generation == 0 ? "" : "-\(id.generation)") + form.rawValue
    }

    /// Parses the name of a segment's file; nil for other names.
    package static func parse(_ name: String) -> (id: SegmentID, form: Form)? {
        let digits = name.utf8.prefix(digitCount)
        guard digits.count == digitCount, let first = number(digits), first > 0,
            let form = Form.allCases.first(where: { name.utf8.dropFirst(digitCount).hasSuffix($0.rawValue.utf8) })
        else { return nil }
        let middle = name.utf8.dropFirst(digitCount).dropLast(form.rawValue.utf8.count)
        guard !middle.isEmpty else { return (SegmentID(first: first), form) }
        guard form != .plain, middle.first == UInt8(ascii: "-"), middle.dropFirst().first != UInt8(ascii: "0"),
            let number = number(middle.dropFirst()), let generation = UInt32(exactly: number)
        else { return nil }
        return (SegmentID(first: first, generation: generation), form)
    }

    private static func number(_ digits: Substring.UTF8View) -> UInt64? {
        guard digits.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else { return nil }
        return UInt64(Substring(digits))
    }
}

extension Substring.UTF8View {
    fileprivate func hasSuffix(_ suffix: String.UTF8View) -> Bool {
        self.suffix(suffix.count).elementsEqual(suffix)
    }
}
