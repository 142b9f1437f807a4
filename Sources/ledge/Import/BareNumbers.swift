/// Puts quotes around `NaN`, `Infinity` and `-Infinity`, which Python writes but JSON does not have.
enum BareNumbers {
    private static let words = ["NaN", "Infinity", "-Infinity"].map { Array($0.utf8) }

    /// Returns the text of a document with these numbers as strings; nil if it has none.
    static func quoted(in text: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
        guard text.contains(UInt8(ascii: "N")) || text.contains(UInt8(ascii: "I")) else { return nil }
        var output: [UInt8] = []
        var rest = text
        var isInString = false
        var isEscaped = false
        while let byte = rest.first {
            if !isInString, let word = words.first(where: { rest.starts(with: $0) }) {
                output.append(UInt8(ascii: "\""))
                output += word
                output.append(UInt8(ascii: "\""))
                rest = rest.dropFirst(word.count)
                continue
            }
            if isEscaped {
                isEscaped = false
            } else if byte == UInt8(ascii: "\\") {
                isEscaped = isInString
            } else if byte == UInt8(ascii: "\"") {
                isInString.toggle()
            }
            output.append(byte)
            rest = rest.dropFirst()
        }
        return output.count == text.count ? nil : output[...]
    }
}
