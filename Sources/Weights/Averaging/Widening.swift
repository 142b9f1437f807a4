/// Converts elements to the 64-bit floats in which they are summed.
enum Widening {
    /// - Precondition: `output` is large enough, and `type` is neither a 16-bit or 64-bit float nor boolean.
    static func widen(
        _ bytes: UnsafeMutableRawBufferPointer,
        _ type: ElementType,
        to output: UnsafeMutableRawBufferPointer
    ) {
        let doubles: UnsafeMutableBufferPointer<Double> = output.elements()
        switch type {
        case .int8: widen(bytes, as: Int8.self, to: doubles)
        case .int16: widen(bytes, as: Int16.self, to: doubles)
        case .int32: widen(bytes, as: Int32.self, to: doubles)
        case .int64: widen(bytes, as: Int64.self, to: doubles)
        case .uint8: widen(bytes, as: UInt8.self, to: doubles)
        case .uint16: widen(bytes, as: UInt16.self, to: doubles)
        case .uint32: widen(bytes, as: UInt32.self, to: doubles)
        case .uint64: widen(bytes, as: UInt64.self, to: doubles)
        case .float32:
            let floats: UnsafeMutableBufferPointer<Float> = bytes.elements()
            for index in floats.indices { doubles[index] = Double(floats[index]) }
        case .float16, .float64, .bool: preconditionFailure("\(type) is not widened")
        }
    }

    private static func widen<Number: FixedWidthInteger & BitwiseCopyable>(
        _ bytes: UnsafeMutableRawBufferPointer,
        as _: Number.Type,
        to doubles: UnsafeMutableBufferPointer<Double>
    ) {
        let numbers: UnsafeMutableBufferPointer<Number> = bytes.elements()
        for index in numbers.indices { doubles[index] = Double(numbers[index]) }
    }
}

extension UnsafeMutableRawBufferPointer {
    /// The same memory as elements of a trivial type.
    ///
    /// - Precondition: it is aligned for them.
    func elements<Element: BitwiseCopyable>() -> UnsafeMutableBufferPointer<Element> {
        bindMemory(to: Element.self)
    }

    /// Reverses the byte order of every element.
    func swapBytes(width: Int) {
        switch width {
        case 2: swapBytes(of: UInt16.self)
        case 4: swapBytes(of: UInt32.self)
        case 8: swapBytes(of: UInt64.self)
        default: preconditionFailure("elements of \(width) bytes have no byte order")
        }
    }

    private func swapBytes<Number: FixedWidthInteger & BitwiseCopyable>(of _: Number.Type) {
        let numbers: UnsafeMutableBufferPointer<Number> = elements()
        for index in numbers.indices { numbers[index] = numbers[index].byteSwapped }
    }
}

extension UnsafeRawBufferPointer {
    /// The same memory as elements of a trivial type.
    ///
    /// - Precondition: it is aligned for them.
    func elements<Element: BitwiseCopyable>() -> UnsafeBufferPointer<Element> {
        bindMemory(to: Element.self)
    }
}
