// The converters of one posit, side by side. Not synthesised.

module convert_bench #(
    parameter int N = 16,
    parameter int ES = 1
) (
    input  logic [31:0] posit_i,
    input  logic [31:0] fp32_i,
    input  logic [15:0] bf16_i,
    input  logic [ 7:0] int8_i,
    input  logic [15:0] int16_i,
    output logic [31:0] fp32_o,
    output logic [15:0] bf16_o,
    output logic [ 7:0] int8_o,
    output logic [15:0] int16_o,
    output logic [31:0] from_fp32_o,
    output logic [31:0] from_bf16_o,
    output logic [31:0] from_int8_o,
    output logic [31:0] from_int16_o
);

  logic [N-1:0] p, from_fp32, from_bf16, from_int8, from_int16;
  assign p = posit_i[N-1:0];
  posit_to_float #(.N(N), .ES(ES), .EXP(8), .MAN(23)) u_fp32 (.posit_i(p), .float_o(fp32_o));
  posit_to_float #(.N(N), .ES(ES), .EXP(8), .MAN(7)) u_bf16 (.posit_i(p), .float_o(bf16_o));
  posit_to_int #(.N(N), .ES(ES), .BITS(8)) u_int8 (.posit_i(p), .int_o(int8_o));
  posit_to_int #(.N(N), .ES(ES), .BITS(16)) u_int16 (.posit_i(p), .int_o(int16_o));
  float_to_posit #(.N(N), .ES(ES), .EXP(8), .MAN(23)) u_from_fp32 (.float_i(fp32_i), .posit_o(from_fp32));
  float_to_posit #(.N(N), .ES(ES), .EXP(8), .MAN(7)) u_from_bf16 (.float_i(bf16_i), .posit_o(from_bf16));
  int_to_posit #(.N(N), .ES(ES), .BITS(8)) u_from_int8 (.int_i(int8_i), .posit_o(from_int8));
  int_to_posit #(.N(N), .ES(ES), .BITS(16)) u_from_int16 (.int_i(int16_i), .posit_o(from_int16));
  assign from_fp32_o = 32'(from_fp32);
  assign from_bf16_o = 32'(from_bf16);
  assign from_int8_o = 32'(from_int8);
  assign from_int16_o = 32'(from_int16);

endmodule
