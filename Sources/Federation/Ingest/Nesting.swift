/// The nesting of the brackets in JSON that is read byte by byte.
package struct Nesting {
    package private(set) var depth = 0
    package private(set) var isInString = false
    private var isEscaped = false

    package init() {}

    /// Takes the next byte; closing brackets without opening ones are ignored.
    package mutating func advance(_ byte: UInt8) {
        if isInString {
            if isEscaped {
                isEscaped = false
            } else if byte == UInt8(ascii: "\\") {
                isEscaped = true
            } else if byte == UInt8(ascii: "\"") {
                isInString = false
            }
            return
        }
        switch byte {
        case UInt8(ascii: "\""): isInString = true
        case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
        case UInt8(ascii: "}"), UInt8(ascii: "]"): depth = max(0, depth - 1)
        default: break
        }
    }
}
