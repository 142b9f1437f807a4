/// Little-endian integers, as in all records of a ZIP archive.
extension [UInt8] {
    /// - Precondition: all bytes of the number are inside the array.
    func littleEndian<Number: FixedWidthInteger>(_: Number.Type = Number.self, at offset: Int) -> Number {
        precondition(offset >= 0 && offset + MemoryLayout<Number>.size <= count, "the number is inside the array")
        return withUnsafeBytes {
            Number(littleEndian: $0.loadUnaligned(fromByteOffset: offset, as: Number.self))
        }
    }

    mutating func append(littleEndian number: some FixedWidthInteger) {
        Swift.withUnsafeBytes(of: number.littleEndian) { append(contentsOf: $0) }
    }
}
