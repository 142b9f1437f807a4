/// Splits a body that arrives in pieces into its documents: lines, or the elements of one array.
///
/// The first byte decides: clients send an array as JSON lines, too. A byte order mark before it is skipped.
package struct DocumentSplitter: Sendable {
    private enum Splitter: Sendable {
        case undecided
        case lines(LineSplitter)
        case array(ArraySplitter)
    }

    private static let byteOrderMark: [UInt8] = [0xEF, 0xBB, 0xBF]

    private let byteCountMax: Int
    private var splitter = Splitter.undecided

    package init(byteCountMax: Int) {
        self.byteCountMax = byteCountMax
    }

    /// How many bytes of the incomplete document are kept.
    package var heldByteCount: Int {
        switch splitter {
        case .undecided: 0
        case .lines(let lines): lines.heldByteCount
        case .array(let array): array.heldByteCount
        }
    }

    /// Removes the next document from the start of `piece`; nil if no document ends in it.
    ///
    /// - Throws: If there are bytes after an array.
    package mutating func next(from piece: inout ArraySlice<UInt8>) throws(ArraySyntaxError) -> IngestEntry? {
        let current = splitter
        // Set to another value during the change, so that its bytes are not copied.
        splitter = .undecided
        switch current {
        case .undecided:
            guard begin(&piece) else { return nil }
            return try next(from: &piece)
        case .lines(var lines):
            defer { splitter = .lines(lines) }
            return lines.next(from: &piece)
        case .array(var array):
            defer { splitter = .array(array) }
            return try array.next(from: &piece)
        }
    }

    /// Returns the last line if it does not end in a newline.
    ///
    /// - Throws: `.truncated` if an array lacks its end.
    package mutating func last() throws(ArraySyntaxError) -> IngestEntry? {
        switch splitter {
        case .undecided: return nil
        case .lines(var lines):
            defer { splitter = .lines(lines) }
            return lines.last()
        case .array(let array):
            guard array.isComplete else { throw .truncated }
            return nil
        }
    }

    /// Decides by the first byte that is not white space; returns false if there is none yet.
    ///
    /// Blank lines are numbered, so white space is dropped only before an array.
    private mutating func begin(_ piece: inout ArraySlice<UInt8>) -> Bool {
        if piece.starts(with: Self.byteOrderMark) { piece = piece.dropFirst(Self.byteOrderMark.count) }
        guard let first = piece.first else { return false }
        guard first.isSpace, let next = piece.first(where: { !$0.isSpace }) else {
            splitter = first == UInt8(ascii: "[") ? .array(ArraySplitter(byteCountMax: byteCountMax)) : lines
            return true
        }
        splitter = next == UInt8(ascii: "[") ? .array(ArraySplitter(byteCountMax: byteCountMax)) : lines
        return true
    }

    private var lines: Splitter { .lines(LineSplitter(byteCountMax: byteCountMax)) }
}
