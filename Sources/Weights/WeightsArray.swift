/// An array in memory, for the small models of trainers and tests.
package struct WeightsArray: Sendable, Hashable {
    package let descriptor: ArrayDescriptor
    /// The elements in the order and byte order of the descriptor.
    package let bytes: [UInt8]

    /// - Precondition: the number of bytes is `descriptor.byteCount`.
    package init(_ descriptor: ArrayDescriptor, bytes: [UInt8]) {
        precondition(Int64(bytes.count) == descriptor.byteCount, "the number of bytes matches the descriptor")
        self.descriptor = descriptor
        self.bytes = bytes
    }

    /// Creates an array of 32-bit floats in C order.
    ///
    /// - Precondition: the number of values matches the shape.
    package init(_ values: [Float], shape: [Int]) {
        guard let descriptor = ArrayDescriptor(.float32, shape: shape) else {
            preconditionFailure("the size of the array overflows")
        }
        self.init(descriptor, bytes: values.withUnsafeBytes { Array($0) })
    }

    /// The elements as 64-bit floats in the order of the file; booleans as 0 and 1.
    package var values: [Double] {
        let type = descriptor.elementType
        let width = type.byteCount
        return stride(from: 0, to: bytes.count, by: width).map { start in
            var word: UInt64 = 0
            for index in 0..<width {
                let significance = descriptor.isBigEndian ? width - 1 - index : index
                word |= UInt64(bytes[start + index]) << (8 * significance)
            }
            return type.value(of: word)
        }
    }
}

extension ElementType {
    /// Returns the value of an element from its bits.
    fileprivate func value(of bits: UInt64) -> Double {
        switch self {
        case .float16: Double(Float16(bitPattern: UInt16(bits)))
        case .float32: Double(Float(bitPattern: UInt32(bits)))
        case .float64: Double(bitPattern: bits)
        case .int8: Double(Int8(truncatingIfNeeded: bits))
        case .int16: Double(Int16(truncatingIfNeeded: bits))
        case .int32: Double(Int32(truncatingIfNeeded: bits))
        case .int64: Double(Int64(truncatingIfNeeded: bits))
        case .uint8, .uint16, .uint32, .uint64, .bool: Double(bits)
        }
    }
}

extension ModelFile {
    /// Reads one array into memory and verifies it.
    ///
    /// - Precondition: `index` is less than the count of ``arrays``.
    /// - Throws: The error of reading the array; `.tooLarge` if it is larger than `byteCountMax`.
    package func array(_ index: Int, byteCountMax: Int64 = 1 << 30) throws(WeightsError) -> WeightsArray {
        let descriptor = arrays[index]
        guard descriptor.byteCount <= byteCountMax else {
            throw .tooLarge(byteCount: descriptor.byteCount, byteCountMax: byteCountMax)
        }
        let reader = try locations[index].open()
        return WeightsArray(descriptor, bytes: try reader.bytes(count: Int(descriptor.byteCount)))
    }

    /// Returns an `.npz` with these arrays, as numpyhelper writes it but without compression.
    package static func npz(_ arrays: [WeightsArray]) -> [UInt8] {
        let contents = arrays.map { array in
            let descriptor = array.descriptor
            precondition(!descriptor.isBigEndian, "arrays are written in little-endian order")
            return ArrayHeader.bytes(of: descriptor) + array.bytes
        }
        let layout = ZipLayout(
            contents.enumerated().map { index, content in
                ZipLayout.Member(
                    NumpyArchive.memberName(index),
                    byteCount: Int64(content.count),
                    checksum: CRC32.of(content)
                )
            }
        )
        let openings = contents.map { content -> ZipStream.Opening in
            { LiteralBytes(content) }
        }
        let stream = ZipStream(layout, openings)
        var bytes: [UInt8] = []
        do throws(WeightsError) {
            while let next = try stream.next() { bytes += next }
        } catch {
            preconditionFailure("reading from memory does not fail")
        }
        return bytes
    }
}
