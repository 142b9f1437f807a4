import Testing

@testable import Weights

struct ArrayHeaderTests {
    func parse(_ text: String) -> Result<ArrayDescriptor, ArrayHeaderViolation> {
        Result { () throws(ArrayHeaderViolation) in try ArrayHeaderParser.parse(Array(text.utf8)) }
    }

    /// Every spelling that numpy's reader accepts and that some writer produces.
    @Test(
        arguments: [
            "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }          \n",
            "{'shape': (2,3), 'fortran_order': False, 'descr': '<f4'}",
            "{\"descr\":\"<f4\",\"fortran_order\":False,\"shape\":(2,3,)}",
            "  {\t'descr' : 'f4' ,\n'fortran_order' : False , 'shape' : ( 2 , 3 ) , } ",
            "{'descr': '=f4', 'fortran_order': False, 'shape': (2L, 3L)}",
            "{'descr': '|f4', 'fortran_order': False, 'shape': (02, 3)}",
        ]
    )
    func everySpacingIsAccepted(_ text: String) throws {
        #expect(try parse(text).get() == ArrayDescriptor(.float32, shape: [2, 3]))
    }

    @Test(arguments: [("()", []), ("(7,)", [7]), ("(0,)", [0]), ("(0, 9223372036854775807, 3)", [0, .max, 3])])
    func shapesAreTuples(_ text: String, shape: [Int]) throws {
        let array = try parse("{'descr': '<f4', 'fortran_order': False, 'shape': \(text)}").get()
        #expect(array.shape == shape)
        #expect(array.elementCount == (shape.contains(0) ? 0 : shape.reduce(1, *)))
    }

    @Test(
        arguments: [
            "", "{", "{}", "{'descr': '<f4', 'fortran_order': False}", "{'descr': '<f4', 'shape': ()}",
            "{'fortran_order': False, 'shape': ()}",
            "{'descr': '<f4', 'fortran_order': False, 'shape': (3)}",
            "{'descr': '<f4', 'fortran_order': False, 'shape': [3]}",
            "{'descr': '<f4', 'fortran_order': False, 'shape': (-3,)}",
            "{'descr': '<f4', 'fortran_order': False, 'shape': (3.0,)}",
            "{'descr': '<f4', 'fortran_order': False, 'shape': (,)}",
            "{'descr': '<f4', 'fortran_order': False, 'shape': (1,,2)}",
            "{'descr': '<f4', 'fortran_order': 0, 'shape': ()}",
            "{'descr': '<f4', 'fortran_order': False, 'shape': (), 'more': 1}",
            "{'descr': '<f4', 'fortran_order': False, 'shape': (), 'descr': '<f4'}",
            "{'descr': '<f4', 'fortran_order': False, 'shape': ()} x",
            "{'descr': '<f4' 'fortran_order': False, 'shape': ()}",
            "{'descr': '<f4', 'fortran_order: False, 'shape': ()}",
            "{'desc\\r': '<f4', 'fortran_order': False, 'shape': ()}",
            "{,'descr': '<f4', 'fortran_order': False, 'shape': ()}",
        ]
    )
    func malformedDictionaryIsASyntaxError(_ text: String) {
        guard case .failure(.syntax) = parse(text) else {
            Issue.record("\(parse(text))")
            return
        }
    }

    @Test(arguments: ["|O", "<U3", "|S5", "<c8", "<M8[s]", "<f16", "|V4", "<f3", ">", "float32", "", "<<f4"])
    func nonNumericElementTypesAreRejected(_ type: String) {
        let text = "{'descr': '\(type)', 'fortran_order': False, 'shape': ()}"
        #expect(parse(text) == .failure(.unsupportedElementType(type)))
    }

    @Test func structuredTypesAreRejected() {
        let text = "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': ()}"
        #expect(parse(text) == .failure(.unsupportedElementType("[…]")))
    }

    @Test(
        arguments: [
            "(9223372036854775808,)", "(4294967296, 4294967296)", "(9223372036854775807,)",
            "(" + String(repeating: "1, ", count: 65) + ")",
        ]
    )
    func oversizedShapesAreRejected(_ shape: String) {
        #expect(parse("{'descr': '<f4', 'fortran_order': False, 'shape': \(shape)}") == .failure(.shapeTooLarge))
    }

    @Test func bigEndianIsParsed() throws {
        let array = try parse("{'descr': '>i8', 'fortran_order': True, 'shape': (3, 2)}").get()
        #expect(array == ArrayDescriptor(.int64, shape: [3, 2], isFortranOrder: true, isBigEndian: true))
        #expect(try !parse("{'descr': '>i1', 'fortran_order': False, 'shape': ()}").get().isBigEndian)
    }

    /// The bytes that numpy 2.4 writes.
    @Test func headerEqualsNumpys() throws {
        let array = try #require(ArrayDescriptor(.float32, shape: [2, 3]))
        let dictionary = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }"
        let padded = dictionary + String(repeating: " ", count: 118 - dictionary.utf8.count - 1) + "\n"
        #expect(ArrayHeader.bytes(of: array) == [0x93] + Array("NUMPY\u{1}\0v\0".utf8) + Array(padded.utf8))
    }

    @Test func headersRoundTrip() throws {
        for type in ElementType.allCases {
            for shape in [[], [0], [5], [1, 2, 3], [Int](repeating: 1, count: 64)] {
                let array = try #require(ArrayDescriptor(type, shape: shape, isFortranOrder: shape.count == 3))
                let bytes = ArrayHeader.bytes(of: array)
                #expect(bytes.count % 64 == 0)
                let (read, byteCount) = try ArrayHeader.read(RawReader(MemorySource(bytes)), member: "x")
                #expect(read == array)
                #expect(byteCount == bytes.count)
            }
        }
    }

    @Test func headerLongerThanNumpysLimitIsRejected() {
        var bytes: [UInt8] = [0x93] + Array("NUMPY".utf8) + [2, 0]
        bytes.append(littleEndian: UInt32(10_001))
        bytes += [UInt8](repeating: 32, count: 10_001)
        let failure = rejection { () throws(WeightsError) in
            _ = try ArrayHeader.read(RawReader(MemorySource(bytes)), member: "x")
        }
        #expect(failure == .arrayHeader(member: "x", .tooLong(byteCount: 10_001, byteCountMax: 10_000)))
    }
}

extension Result where Success == ArrayDescriptor, Failure == ArrayHeaderViolation {
    static func == (left: Self, right: Self) -> Bool {
        switch (left, right) {
        case (.success(let left), .success(let right)): left == right
        case (.failure(let left), .failure(let right)): left == right
        default: false
        }
    }
}
