// The accumulator of posit_mac_multi: one adder of 240 bits whose carry stops between lanes.
//
//   stops in front of bit   64 (mode 2)   128 (modes 1, 2)   192 (mode 2)
//
// A place with a one in one operand and a zero in the other hands a carry on; with two zeros it
// stops it. Each stop is such a place, added to the word. Lanes and overflow as in posit_mac_multi.
//
// Parameters  GATED   as in posit_accumulate
// Ports       as posit_accumulate; mode_i is kept with clear_i
// Latency     one cycle.

module posit_accumulate_multi #(
    parameter int GATED = 0
) (
    input  logic         clk_i,
    input  logic         rst_i,
    input  logic         advance_i,
    input  logic         clear_i,
    input  logic         last_i,
    input  logic [  1:0] mode_i,
    input  logic [  3:0] nar_i,
    input  logic [239:0] addend_i,
    output logic         valid_o,
    output logic [239:0] acc_o,
    output logic [  3:0] nar_o,
    output logic [  1:0] mode_o
);

  logic [239:0] acc_q, acc_d, kept, addend;
  logic [3:0] nar_q, over;
  logic [1:0] mode_q, mode;
  logic valid_q, use_it, starts, keep;

  generate
    if (GATED != 0) begin : g_gated
      assign use_it = 1'b1;
    end else begin : g_gate
      assign use_it = advance_i & ~rst_i;
    end
  endgenerate
  assign starts = clear_i & use_it;
  assign keep = ~(starts | rst_i);
  assign addend = addend_i & {240{use_it}};
  assign kept = acc_q & {240{keep}};

  assign mode = starts ? mode_i : mode_q;

  logic pass64, pass128, pass192;
  assign pass64 = ~mode[1];
  assign pass128 = ~(mode[1] | mode[0]);
  assign pass192 = ~mode[1];
  logic [2:0] stops;
  assign {acc_d[239:192], stops[2], acc_d[191:128], stops[1], acc_d[127:64], stops[0], acc_d[63:0]} =
      {kept[239:192], pass192, kept[191:128], pass128, kept[127:64], pass64, kept[63:0]} +
      {addend[239:192], 1'b0, addend[191:128], 1'b0, addend[127:64], 1'b0, addend[63:0]};

  always_ff @(posedge clk_i) begin
    acc_q <= acc_d;
    nar_q <= ((nar_q | over) & {4{keep}}) | (nar_i & {4{use_it}});
    valid_q <= ~rst_i & (advance_i ? last_i : valid_q);
    mode_q <= mode & {2{~rst_i}};
  end

  // Lanes of the accumulator, uppermost first: 16, 4h, 8, 4l.
  assign over = {acc_q[239] ^ acc_q[238], (acc_q[175] ^ acc_q[174]) & mode_q[1],
                 (acc_q[111] ^ acc_q[110]) & (mode_q[1] | mode_q[0]), (acc_q[47] ^ acc_q[46]) & mode_q[1]};

  logic [3:0] lanes;
  logic unused;
  assign unused = ^stops;
  assign lanes = nar_q | over;
  assign acc_o = acc_q;
  assign nar_o = mode_q[1] ? lanes : mode_q[0] ? {2'b00, lanes[3], lanes[1]} : {3'b000, lanes[3]};
  assign mode_o = mode_q;
  assign valid_o = valid_q;

endmodule
