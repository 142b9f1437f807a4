internal import Federation

/// Cuts one JSON array that arrives in pieces into its elements.
///
/// It looks at brackets and strings only, and keeps what has arrived of one element, up to `byteCountMax`; whether an
/// element is JSON is for the parser to find out. A bracket that is missing makes one element of all that follows,
/// which then is too long, or not JSON.
struct ArraySplitter {
    private enum Place {
        case before, inside, behind
    }

    private var place = Place.before
    private var depth = 0
    private var isInString = false
    private var isEscaped = false
    private var held: HeldBytes
    private var number = 0

    init(byteCountMax: Int) {
        held = HeldBytes(byteCountMax: byteCountMax)
    }

    /// Whether the closing bracket has come.
    var isComplete: Bool { place == .behind }

    /// Takes the next element off the front of `piece`, or all of it and returns nil where no element ends in it.
    ///
    /// - Throws: ``CommandFailure`` where something is before or after the array.
    mutating func next(from piece: inout ArraySlice<UInt8>) throws(CommandFailure) -> IngestEntry? {
        try skipOutside(&piece)
        guard place == .inside else { return nil }
        guard let end = piece.indices.first(where: { ends(piece[$0]) }) else {
            held.append(piece)
            piece = []
            return nil
        }
        held.append(piece[..<end])
        let isLast = piece[end] == UInt8(ascii: "]")
        piece = piece[(end + 1)...]
        if isLast {
            place = .behind
            // `[]` has no element.
            if number == 0, held.allSatisfy(\.isSpace) {
                try skipOutside(&piece)
                return nil
            }
        }
        return take()
    }

    /// Drops what is around the array.
    private mutating func skipOutside(_ piece: inout ArraySlice<UInt8>) throws(CommandFailure) {
        guard place != .inside else { return }
        piece = piece.drop(while: \.isSpace)
        guard let byte = piece.first else { return }
        guard place == .before else { throw CommandFailure("more follows after the end of the array") }
        guard byte == UInt8(ascii: "[") else { throw CommandFailure("it is no JSON array") }
        piece = piece.dropFirst()
        place = .inside
    }

    /// Whether a byte ends the element under way.
    private mutating func ends(_ byte: UInt8) -> Bool {
        if isInString {
            if isEscaped {
                isEscaped = false
            } else if byte == UInt8(ascii: "\\") {
                isEscaped = true
            } else if byte == UInt8(ascii: "\"") {
                isInString = false
            }
            return false
        }
        switch byte {
        case UInt8(ascii: "\""): isInString = true
        case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
        case UInt8(ascii: ","): return depth == 0
        case UInt8(ascii: "]") where depth == 0: return true
        case UInt8(ascii: "}"), UInt8(ascii: "]"): depth = max(0, depth - 1)
        default: break
        }
        return false
    }

    private mutating func take() -> IngestEntry {
        number += 1
        return IngestEntry(number: number, bytes: held.take())
    }
}

extension UInt8 {
    /// Whether JSON calls it white space.
    var isSpace: Bool { self == 0x20 || self == 0x0A || self == 0x0D || self == 0x09 }
}
