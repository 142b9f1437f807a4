/// A string that is compared byte by byte.
///
/// Swift calls two strings equal when they look alike, however their accents are spelled. Two such ids are two
/// documents, and an index must distinguish them.
package struct Text: Sendable, Hashable, Comparable {
    package let string: String

    package init(_ string: String) {
        self.string = string
    }

    /// Copies UTF-8.
    init(_ bytes: UnsafeRawBufferPointer) {
        string = String(decoding: bytes, as: UTF8.self)
    }

    package static func == (left: Text, right: Text) -> Bool {
        // The first comparison is the quick one: unequal looks mean unequal bytes, equal looks not yet equal bytes.
        left.string == right.string && left.string.utf8.elementsEqual(right.string.utf8)
    }

    package static func < (left: Text, right: Text) -> Bool {
        left.string.utf8.lexicographicallyPrecedes(right.string.utf8)
    }

    package func hash(into hasher: inout Hasher) {
        var string = string
        string.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
    }
}
