import JSON
import Testing

@testable import ledge

struct ExtendedJSONTests {
    @Test(arguments: [
        (#"{"$oid":"65f0c1"}"#, #""65f0c1""#),
        (#"{"$date":"2024-03-13T08:00:00.5Z"}"#, #""2024-03-13T08:00:00.500000Z""#),
        (#"{"$date":"2024-03-13T08:00:00.500+0000"}"#, #""2024-03-13T08:00:00.500000Z""#),
        (#"{"$date":"2024-03-13T09:00:00.500+0100"}"#, #""2024-03-13T08:00:00.500000Z""#),
        (#"{"$date":1710316800500}"#, #""2024-03-13T08:00:00.500000Z""#),
        (#"{"$date":-1000}"#, #""1969-12-31T23:59:59.000000Z""#),
        (#"{"$date":{"$numberLong":"1710316800500"}}"#, #""2024-03-13T08:00:00.500000Z""#),
        (#"{"$numberLong":"9007199254740993"}"#, "9007199254740993"), (#"{"$numberLong":7}"#, "7"),
        (#"{"$numberInt":"-7"}"#, "-7"), (#"{"$numberDouble":"1.50"}"#, "1.50"),
        (#"{"$numberDouble":"1.0E+10"}"#, "1.0E+10"), (#"{"$numberDecimal":"0.1"}"#, "0.1"),
        (
            #"{"$binary":{"base64":"EjRWeBI0VngSNFZ4EjRWeA==","subType":"04"}}"#,
            #""12345678-1234-5678-1234-567812345678""#
        ),
        (
            #"{"$binary":{"base64":"EjRWeBI0VngSNFZ4EjRWeA==","subType":"03"}}"#,
            #""12345678-1234-5678-1234-567812345678""#
        ),
        (#"{"$binary":"/////////////////////w==","$type":"04"}"#, #""ffffffff-ffff-ffff-ffff-ffffffffffff""#),
        (#"{"$uuid":"a-b"}"#, #""a-b""#), (#"{"$undefined":true}"#, "null"),
        // Values without a JSON equivalent, and objects that are not extended JSON.
        (#"{"$numberDouble":"NaN"}"#, #"{"$numberDouble":"NaN"}"#),
        (#"{"$numberDouble":"Infinity"}"#, #"{"$numberDouble":"Infinity"}"#),
        (
            #"{"$binary":{"base64":"EjRWeBI0VngSNFZ4EjRWeA==","subType":"05"}}"#,
            #"{"$binary":{"base64":"EjRWeBI0VngSNFZ4EjRWeA==","subType":"05"}}"#
        ),
        (
            #"{"$binary":{"base64":"EjRWeA==","subType":"04"}}"#, #"{"$binary":{"base64":"EjRWeA==","subType":"04"}}"#
        ),
        (#"{"$numberLong":"\"7\""}"#, #"{"$numberLong":"\"7\""}"#),
        (#"{"$date":"yesterday"}"#, #"{"$date":"yesterday"}"#),
        (#"{"$date":9223372036854775807}"#, #"{"$date":9223372036854775807}"#),
        (#"{"$date":253402300800000}"#, #"{"$date":253402300800000}"#),
        (#"{"$oid":"a","b":1}"#, #"{"$oid":"a","b":1}"#), (#"{"$where":"x"}"#, #"{"$where":"x"}"#), ("{}", "{}"),
        (#"{"a":[{"$oid":"b"},{"c":{"$numberInt":"1"}}],"d":"$date"}"#, #"{"a":["b",{"c":1}],"d":"$date"}"#),
    ])
    func wrappedValueBecomesPlain(_ text: String, _ expected: String) throws {
        #expect(ExtendedJSON.plain(try JSON(parsing: text.utf8)) == (try JSON(parsing: expected.utf8)))
    }

    @Test(arguments: [
        (#"{"_id":{"$oid":"65f0"},"status_id":"s","status":"x"}"#, #"{"status_id":"s","status":"x"}"#),
        (#"{"_id":{"$oid":"65f0"},"status":"x"}"#, #"{"status":"x","status_id":"65f0"}"#),
        (#"{"_id":"own","status_id":null}"#, #"{"status_id":"own"}"#),
        (#"{"_id":{"$numberInt":"7"}}"#, #"{"status_id":"7"}"#),
        (
            #"{"_id":{"$binary":{"base64":"EjRWeBI0VngSNFZ4EjRWeA==","subType":"04"}}}"#,
            #"{"status_id":"12345678-1234-5678-1234-567812345678"}"#
        ),
        (#"{"_id":{"a":1,"b":2}}"#, #"{"status_id":"{\"a\":1,\"b\":2}"}"#),
        (#"{"_id":null,"status":"x"}"#, #"{"status":"x"}"#),
        (#"{"status":"x"}"#, #"{"status":"x"}"#),
    ])
    func objectIDBecomesAMissingKey(_ text: String, _ expected: String) throws {
        let object = try #require(JSON(parsing: text.utf8).object)
        #expect(ExtendedJSON.document(object, key: "status_id") == (try JSON(parsing: expected.utf8).object))
    }
}
