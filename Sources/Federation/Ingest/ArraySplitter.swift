/// Splits a JSON array that is read in pieces into its elements.
///
/// It examines only brackets and strings, and keeps the bytes of one element, up to `byteCountMax`; elements are not
/// parsed here. If a bracket is missing, the rest of the array is one element, which is then too long or not JSON.
package struct ArraySplitter: Sendable {
    private enum Position: Sendable {
        case before, inside, after
    }

    private var position = Position.before
    private var nesting = Nesting()
    private var held: HeldBytes
    private var number = 0

    package init(byteCountMax: Int) {
        held = HeldBytes(byteCountMax: byteCountMax)
    }

    /// How many bytes of the incomplete element are kept.
    package var heldByteCount: Int { held.byteCount }

    /// Whether the closing bracket was read.
    package var isComplete: Bool { position == .after }

    /// Removes the next element from the start of `piece` and returns it; nil if no element ends in `piece`.
    ///
    /// - Throws: `.notAnArray`, `.continued` if there are bytes before or after the array.
    package mutating func next(from piece: inout ArraySlice<UInt8>) throws(ArraySyntaxError) -> IngestEntry? {
        try skipOutside(&piece)
        guard position == .inside else { return nil }
        guard let end = piece.indices.first(where: { ends(piece[$0]) }) else {
            held.append(piece)
            piece = []
            return nil
        }
        held.append(piece[..<end])
        let isLast = piece[end] == UInt8(ascii: "]")
        piece = piece[(end + 1)...]
        if isLast {
            position = .after
            // `[]` has no element.
            if number == 0, held.allSatisfy(\.isSpace) {
                try skipOutside(&piece)
                return nil
            }
        }
        return take()
    }

    /// Skips white space and the opening bracket outside of the array.
    private mutating func skipOutside(_ piece: inout ArraySlice<UInt8>) throws(ArraySyntaxError) {
        guard position != .inside else { return }
        piece = piece.drop(while: \.isSpace)
        guard let byte = piece.first else { return }
        guard position == .before else { throw .continued }
        guard byte == UInt8(ascii: "[") else { throw .notAnArray }
        piece = piece.dropFirst()
        position = .inside
    }

    /// Whether a byte ends the current element.
    private mutating func ends(_ byte: UInt8) -> Bool {
        if nesting.depth == 0, !nesting.isInString, byte == UInt8(ascii: ",") || byte == UInt8(ascii: "]") {
            return true
        }
        nesting.advance(byte)
        return false
    }

    private mutating func take() -> IngestEntry {
        number += 1
        return IngestEntry(number: number, bytes: held.take())
    }
}

/// Why bytes are not one JSON array.
package enum ArraySyntaxError: Error, Sendable, Hashable {
    case notAnArray
    /// More than white space follows the array.
    case continued
    /// The bytes end before the array does.
    case truncated

    package var message: String {
        switch self {
        case .notAnArray: "it is not a JSON array"
        case .continued: "it continues after the end of the array"
        case .truncated: "it ends before the end of the array"
        }
    }
}

extension UInt8 {
    /// Whether the byte is white space in JSON.
    package var isSpace: Bool { self == 0x20 || self == 0x0A || self == 0x0D || self == 0x09 }
}
