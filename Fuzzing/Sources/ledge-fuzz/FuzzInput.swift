/// An input, read from the front as numbers and bytes; past its end all bytes are zero.
struct FuzzInput {
    private(set) var rest: UnsafeRawBufferPointer

    init(_ bytes: UnsafeRawBufferPointer) {
        rest = bytes
    }

    var isEmpty: Bool { rest.isEmpty }

    mutating func byte() -> UInt8 {
        guard let first = rest.first else { return 0 }
        rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst())
        return first
    }

    /// Reads a number with the length of its type.
    mutating func number<Number: FixedWidthInteger>(_ type: Number.Type) -> Number {
        var number: UInt64 = 0
        for shift in 0..<UInt64(Number.bitWidth / 8) { number |= UInt64(byte()) << (8 * shift) }
        return Number(truncatingIfNeeded: number)
    }

    /// Reads a number from 0 up to, not including, `end`; 0 if `end` is 0.
    mutating func number(below end: Int) -> Int {
        guard end > 1 else { return 0 }
        if end <= 1 << 8 { return Int(byte()) % end }
        return Int(end <= 1 << 16 ? UInt32(number(UInt16.self)) : number(UInt32.self)) % end
    }

    mutating func bool() -> Bool { byte() & 1 == 1 }

    /// Returns one of the elements.
    mutating func element<Elements: RandomAccessCollection>(of elements: Elements) -> Elements.Element
    where Elements.Index == Int {
        elements[elements.startIndex + number(below: elements.count)]
    }

    /// Reads up to `count` bytes; fewer at the end of the input.
    mutating func bytes(_ count: Int) -> [UInt8] {
        let taken = Array(rest.prefix(count))
        rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(count))
        return taken
    }

    /// Reads all remaining bytes.
    mutating func remainder() -> [UInt8] { bytes(rest.count) }
}
