/// Why bytes are not JSON, or not JSON that Ledge takes, and at which byte.
package enum JSONError: Error, Sendable, Hashable {
    /// No value can have this byte here.
    case unexpectedByte(offset: Int)
    /// The bytes end amid a value; the offset is their count.
    case unexpectedEnd(offset: Int)
    /// A value is followed by more than white space.
    case trailingBytes(offset: Int)
    /// A string is not UTF-8 (RFC 3629: nothing overlong, no surrogates, nothing above U+10FFFF).
    case invalidUTF8(offset: Int)
    /// A `\u` escape is half of a surrogate pair.
    case loneSurrogate(offset: Int)
    /// An object has a key twice; readers disagree on what that means, so it is refused.
    case duplicateKey(String, offset: Int)
    /// Arrays and objects are nested deeper than ``JSONLimits/depthMax``.
    case tooDeep(offset: Int)
    /// There are more bytes than ``JSONLimits/byteCountMax``; nothing was read.
    case tooLong(byteCount: Int)

    /// The byte where reading stopped, from 0.
    package var offset: Int {
        switch self {
        case .unexpectedByte(let offset), .unexpectedEnd(let offset), .trailingBytes(let offset),
            .invalidUTF8(let offset), .loneSurrogate(let offset), .duplicateKey(_, let offset), .tooDeep(let offset):
            offset
        case .tooLong:
            0
        }
    }
}

/// How much a parser takes from whoever wrote the bytes.
package struct JSONLimits: Sendable, Hashable {
    package static let `default` = JSONLimits()

    /// How many arrays and objects may stand within each other.
    ///
    /// The parser recurses, so this bounds its stack.
    package var depthMax: Int
    package var byteCountMax: Int

    package init(depthMax: Int = 64, byteCountMax: Int = 16 << 20) {
        self.depthMax = depthMax
        self.byteCountMax = byteCountMax
    }
}
