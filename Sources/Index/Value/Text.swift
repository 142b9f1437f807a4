/// A string that is compared byte by byte.
///
/// In Swift, strings are equal if they are canonically equivalent, for example with composed and decomposed accents.
/// Two such ids are two documents, and an index must distinguish them.
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
        // The first comparison is fast: different strings have different bytes, but equal strings may have different
        // bytes too.
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
