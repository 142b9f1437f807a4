/// Parses the dictionary of a `.npy` header.
///
/// It accepts any white space, any order of the three keys, single and double quotes, an optional trailing comma, and
/// the suffix `L` of Python 2's integers. It rejects everything else, because programs write these headers, not people.
struct ArrayHeaderParser {
    /// The most dimensions that numpy supports.
    static let dimensionCountMax = 64

    private let bytes: [UInt8]
    private var position = 0

    static func parse(_ bytes: [UInt8]) throws(ArrayHeaderViolation) -> ArrayDescriptor {
        var parser = ArrayHeaderParser(bytes: bytes)
        return try parser.dictionary()
    }

    private mutating func dictionary() throws(ArrayHeaderViolation) -> ArrayDescriptor {
        var element: (type: ElementType, isBigEndian: Bool)?
        var isFortranOrder: Bool?
        var shape: [Int]?
        try expect("{")
        while !skip("}") {
            let key = try text()
            try expect(":")
            switch key {
            case "descr" where element == nil: element = try elementType()
            case "fortran_order" where isFortranOrder == nil: isFortranOrder = try boolean()
            case "shape" where shape == nil: shape = try tuple()
            default: throw violation
            }
            guard !skip(",") else { continue }
            try expect("}")
            break
        }
        skipSpace()
        guard position == bytes.count, let element, let isFortranOrder, let shape else { throw violation }
        let descriptor = ArrayDescriptor(
            element.type,
            shape: shape,
            isFortranOrder: isFortranOrder,
            isBigEndian: element.isBigEndian
        )
        guard let descriptor else { throw .shapeTooLarge }
        return descriptor
    }

    private var violation: ArrayHeaderViolation { .syntax(offset: position) }

    private mutating func elementType() throws(ArrayHeaderViolation) -> (type: ElementType, isBigEndian: Bool) {
        skipSpace()
        // A list here describes a structured type with several fields.
        guard peek == UInt8(ascii: "'") || peek == UInt8(ascii: "\"") else { throw .unsupportedElementType("[…]") }
        let text = try text()
        let hasOrder = text.first.map { "<>|=".contains($0) } ?? false
        guard let type = ElementType(rawValue: hasOrder ? String(text.dropFirst()) : text) else {
            throw .unsupportedElementType(text)
        }
        return (type, text.first == ">" && type.byteCount > 1)
    }

    private mutating func boolean() throws(ArrayHeaderViolation) -> Bool {
        if skip("True") { return true }
        if skip("False") { return false }
        throw violation
    }

    private mutating func tuple() throws(ArrayHeaderViolation) -> [Int] {
        var counts: [Int] = []
        try expect("(")
        while !skip(")") {
            counts.append(try count())
            guard counts.count <= Self.dimensionCountMax else { throw .shapeTooLarge }
            if skip(",") { continue }
            // In Python `(3)` is a number, `(3,)` a tuple.
            guard counts.count > 1 else { throw violation }
            try expect(")")
            break
        }
        return counts
    }

    private mutating func count() throws(ArrayHeaderViolation) -> Int {
        skipSpace()
        let start = position
        var value = 0
        while let digit = peek, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit) {
            let (tens, isTooLarge) = value.multipliedReportingOverflow(by: 10)
            let (sum, isEvenLarger) = tens.addingReportingOverflow(Int(digit - UInt8(ascii: "0")))
            guard !isTooLarge, !isEvenLarger else { throw .shapeTooLarge }
            value = sum
            position += 1
        }
        guard position > start else { throw violation }
        if peek == UInt8(ascii: "L") { position += 1 }
        return value
    }

    private mutating func text() throws(ArrayHeaderViolation) -> String {
        skipSpace()
        guard let quote = peek, quote == UInt8(ascii: "'") || quote == UInt8(ascii: "\"") else { throw violation }
        let start = position + 1
        guard let end = bytes[start...].firstIndex(where: { $0 == quote || $0 == UInt8(ascii: "\\") }),
            bytes[end] == quote
        else { throw violation }
        position = end + 1
        return String(decoding: bytes[start..<end], as: UTF8.self)
    }

    private var peek: UInt8? { position < bytes.count ? bytes[position] : nil }

    private mutating func skipSpace() {
        while let byte = peek, byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") || byte == UInt8(ascii: "\n") {
            position += 1
        }
    }

    /// Skips white space, then `word` if it comes next; returns whether it did.
    private mutating func skip(_ word: String) -> Bool {
        skipSpace()
        guard bytes[position...].starts(with: word.utf8) else { return false }
        position += word.utf8.count
        return true
    }

    private mutating func expect(_ word: String) throws(ArrayHeaderViolation) {
        guard skip(word) else { throw violation }
    }
}
